// See pem.h; the adapter of OpenSSL's certificate functions.
#include "harness/kube/pem.h"

#include <ctime>
#include <memory>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "harness/base/time_format.h"

namespace holdfast::kube {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// An encrypted key cannot be asked for its password here: none is given.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

Certificate ParseCertificate(const std::string& pem) {
  const Bio reader = Reader(pem);
  Certificate certificate(PEM_read_bio_X509(reader.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  return certificate;
}

std::optional<Nanos> SinceEpoch(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return std::chrono::seconds(timegm(&parts));
}

}  // namespace

bool HoldsCertificate(const std::string& pem) { return ParseCertificate(pem) != nullptr; }

std::optional<std::string> ClientCertificateProblem(const std::string& certificate_pem,
                                                    const std::string& key_pem,
                                                    Nanos now) {
  const Certificate certificate = ParseCertificate(certificate_pem);
  if (!certificate) return "is not a PEM certificate; write it again from its source";
  const std::optional<Nanos> begin = SinceEpoch(X509_get0_notBefore(certificate.get()));
  const std::optional<Nanos> end = SinceEpoch(X509_get0_notAfter(certificate.get()));
  if (!begin || !end) return "has validity dates that cannot be read; renew it";
  if (now > *end) return "expired on " + FormatRfc3339(*end) + "; renew it";
  if (now < *begin)
    return "is not valid before " + FormatRfc3339(*begin) + "; check this machine's clock";
  const Bio reader = Reader(key_pem);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassword, nullptr));
  const bool matches = key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!key) return "comes with a key that is not an unencrypted PEM private key; convert the key";
  if (!matches) return "does not belong to the given key; use the pair that was issued together";
  return std::nullopt;
}

}  // namespace holdfast::kube
