// What OpenSSL can tell about certificates and keys before a connection is tried.
#ifndef HOLDFAST_HARNESS_KUBE_PEM_H_
#define HOLDFAST_HARNESS_KUBE_PEM_H_

#include <optional>
#include <string>

#include "harness/base/clock.h"

namespace holdfast::kube {

// What is wrong with a client certificate and its key at the wall-clock time `now`, as the end of a
// sentence that begins with "the client certificate of user X" ("expired on 2026-01-02T03:04:05Z;
// renew it"), or nullopt when they can be used. Never contains key material.
std::optional<std::string> ClientCertificateProblem(const std::string& certificate_pem,
                                                    const std::string& key_pem,
                                                    Nanos now);

// Whether `pem` holds at least one certificate that can be parsed.
bool HoldsCertificate(const std::string& pem);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_PEM_H_
