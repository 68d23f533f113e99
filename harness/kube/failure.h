// What it means when a request got no answer: did a write happen, and what should a person do?
#ifndef HOLDFAST_HARNESS_KUBE_FAILURE_H_
#define HOLDFAST_HARNESS_KUBE_FAILURE_H_

#include <string>

#include "harness/base/clock.h"
#include "harness/base/result.h"

namespace holdfast::kube {

enum class FailureKind {
  kResolve,            // The server's name is unknown.
  kConnect,            // Nobody accepts the connection, or not in time.
  kServerCertificate,  // The server's certificate was not accepted by us.
  kClientCertificate,  // Ours was not accepted by the server.
  kHandshake,          // TLS did not come about for another reason.
  kCredentials,        // Our own certificate, key or CA cannot be loaded.
  kTimeout,            // Connected, but no answer in time.
  kCut,                // Connected, but the connection ended before the answer did.
  kTooLarge,           // The answer is longer than we take.
  kClosed,             // This client is being destroyed.
};

struct Failure {
  FailureKind kind = FailureKind::kCut;
  std::string detail;       // The library's words, without a full stop.
  bool write_sent = false;  // Any part of a write's body may have reached the server.
};

// One sentence with a remedy. kIndeterminate exactly when a write may have happened; kUnavailable
// when it surely did not, or for a read; kInvalidArgument for credentials that cannot be loaded;
// kCancelled for a client that goes away.
Error DescribeFailure(const Failure& failure, const std::string& server, Nanos timeout);

// From the words of OpenSSL's alert whether the server refused our client certificate.
bool IsClientCertificateAlert(const std::string& detail);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_FAILURE_H_
