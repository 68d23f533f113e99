// The sandbox's own certificate authority and the API server's certificate under it.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_CERTIFICATES_H_
#define HOLDFAST_HARNESS_SANDBOX_API_CERTIFICATES_H_

#include <string>
#include <vector>

#include "harness/base/result.h"

namespace holdfast::sandbox {

struct Certificates {
  std::string ca_pem;           // For the kubeconfig.
  std::string certificate_pem;  // The server's.
  std::string key_pem;          // The server's; secret. The authority's key is not kept.
};

// EC P-256, valid from an hour ago for a year, for the given host names and IP addresses.
Result<Certificates> MakeCertificates(const std::vector<std::string>& hosts_and_ips);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_CERTIFICATES_H_
