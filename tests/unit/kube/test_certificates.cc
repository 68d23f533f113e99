// See test_certificates.h.
#include "tests/unit/kube/test_certificates.h"

#include <atomic>
#include <cstdlib>
#include <memory>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace holdfast::kube::testing {
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

void Must(bool good) {
  if (!good) std::abort();
}

std::string Text(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Key NewKey() {
  Key key(EVP_EC_gen("P-256"));
  Must(key != nullptr);
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  Must(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate Blank(const CertificateOptions& options, EVP_PKEY* key) {
  static std::atomic<long> serial{1};
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  const auto seconds = [](std::chrono::hours time) {
    return static_cast<long>(std::chrono::seconds(time).count());
  };
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), seconds(options.begins));
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds(options.ends));
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const std::string& text = options.name;
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

KeyPair ToPem(X509* certificate, EVP_PKEY* key) {
  const Bio certificate_out(BIO_new(BIO_s_mem()));
  const Bio key_out(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(certificate_out.get(), certificate) == 1);
  Must(PEM_write_bio_PrivateKey(key_out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {Text(certificate_out), Text(key_out)};
}

}  // namespace

KeyPair MakeAuthority(const std::string& name) {
  const Key key = NewKey();
  const Certificate certificate =
      Blank({name, "", std::chrono::hours(-24 * 365), std::chrono::hours(24 * 365)}, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  AddExtension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign");
  AddExtension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  Must(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get(), key.get());
}

KeyPair MakeCertificate(const KeyPair& authority, const CertificateOptions& options) {
  const Bio certificate_in(BIO_new_mem_buf(authority.certificate_pem.c_str(), -1));
  const Bio key_in(BIO_new_mem_buf(authority.key_pem.c_str(), -1));
  const Certificate issuer(PEM_read_bio_X509(certificate_in.get(), nullptr, nullptr, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  Must(issuer && issuer_key);
  const Key key = NewKey();
  const Certificate certificate = Blank(options, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  if (!options.alternative_names.empty())
    AddExtension(certificate.get(), issuer.get(), NID_subject_alt_name, options.alternative_names);
  Must(X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get(), key.get());
}

}  // namespace holdfast::kube::testing
