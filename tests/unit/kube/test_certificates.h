// Certificates made on the spot: a CA, servers and users, also expired ones.
#ifndef HOLDFAST_TESTS_UNIT_KUBE_TEST_CERTIFICATES_H_
#define HOLDFAST_TESTS_UNIT_KUBE_TEST_CERTIFICATES_H_

#include <chrono>
#include <string>

namespace holdfast::kube::testing {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateOptions {
  std::string name = "test";
  std::string alternative_names = {};  // "IP:127.0.0.1,DNS:kubernetes"
  std::chrono::hours begins{-1};       // From now.
  std::chrono::hours ends{24};
};

// A self-signed authority.
KeyPair MakeAuthority(const std::string& name);
// Signed by `authority`. Aborts the process when OpenSSL fails: a test cannot go on.
KeyPair MakeCertificate(const KeyPair& authority, const CertificateOptions& options);

}  // namespace holdfast::kube::testing

#endif  // HOLDFAST_TESTS_UNIT_KUBE_TEST_CERTIFICATES_H_
