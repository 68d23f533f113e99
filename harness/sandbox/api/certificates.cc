#include "harness/sandbox/api/certificates.h"

#include <arpa/inet.h>

#include <memory>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "harness/base/random.h"

namespace holdfast::sandbox {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr long kHour = 3600;
constexpr long kYear = 365 * 24 * kHour;

bool IsAddress(const std::string& text) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A certificate for `key` without extensions and signature.
Owned<X509> Blank(EVP_PKEY* key, const std::string& name) {
  Owned<X509> certificate(X509_new());
  if (certificate == nullptr) return nullptr;
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), OsEntropy() >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kYear);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  return certificate;
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}
std::string Pem(X509* certificate) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return Text(bio.get());
}
std::string Pem(EVP_PKEY* key) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return Text(bio.get());
}

}  // namespace

Result<Certificates> MakeCertificates(const std::vector<std::string>& hosts_and_ips) {
  std::string names;
  for (const std::string& name : hosts_and_ips) {
    if (name.empty() || name.find_first_of(", \n") != std::string::npos)
      return Fail(ErrorCode::kInvalidArgument, "\"{}\" is no host name for a certificate", name);
    names += (names.empty() ? "" : ",") + std::string(IsAddress(name) ? "IP:" : "DNS:") + name;
  }
  if (names.empty())
    return Fail(ErrorCode::kInvalidArgument, "a certificate needs at least one host name");
  const auto failed = [] {
    return Fail(ErrorCode::kInternal, "OpenSSL could not make the sandbox's certificates");
  };
  const Owned<EVP_PKEY> ca_key(EVP_EC_gen("P-256"));
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (ca_key == nullptr || key == nullptr) return failed();
  const Owned<X509> ca = Blank(ca_key.get(), "holdfast-sandbox-ca-" + RandomToken(8));
  const Owned<X509> certificate = Blank(key.get(), "holdfast-sandbox-api");
  if (ca == nullptr || certificate == nullptr) return failed();
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca.get()));
  const bool extended =
      AddExtension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") &&
      AddExtension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      AddExtension(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
      AddExtension(certificate.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      AddExtension(certificate.get(), ca.get(), NID_key_usage, "critical,digitalSignature") &&
      AddExtension(certificate.get(), ca.get(), NID_ext_key_usage, "serverAuth") &&
      AddExtension(certificate.get(), ca.get(), NID_authority_key_identifier, "keyid") &&
      AddExtension(certificate.get(), ca.get(), NID_subject_alt_name, names);
  if (!extended || X509_sign(ca.get(), ca_key.get(), EVP_sha256()) == 0 ||
      X509_sign(certificate.get(), ca_key.get(), EVP_sha256()) == 0)
    return failed();
  return Certificates{Pem(ca.get()), Pem(certificate.get()), Pem(key.get())};
}

}  // namespace holdfast::sandbox
