// See failure.h.
#include "harness/kube/failure.h"

#include <array>
#include <string_view>

#include "harness/base/strings.h"

namespace holdfast::kube {
namespace {

std::string Sentence(const Failure& failure, const std::string& server, Nanos timeout) {
  switch (failure.kind) {
    case FailureKind::kResolve:
    case FailureKind::kConnect:
      return fmt::format(
          "cannot reach the API server at {} ({}): is the cluster up? check 'server' in the "
          "kubeconfig",
          server, failure.detail);
    case FailureKind::kServerCertificate:
      return fmt::format(
          "the certificate of the API server at {} was not accepted ({}): {}", server,
          failure.detail,
          failure.detail.find("expired") != std::string::npos
              ? "renew the server's certificate, or check this machine's clock"
              : "check 'certificate-authority' and 'tls-server-name' in the kubeconfig");
    case FailureKind::kClientCertificate:
      return fmt::format(
          "the API server at {} refused our client certificate ({}): give a valid client "
          "certificate in the kubeconfig",
          server, failure.detail);
    case FailureKind::kHandshake:
      return fmt::format(
          "no TLS connection to the API server at {} ({}): does it speak https, and does it want a "
          "client certificate?",
          server, failure.detail);
    case FailureKind::kCredentials:
      return fmt::format(
          "the certificates in the kubeconfig for {} cannot be used ({}): write them again", server,
          failure.detail);
    case FailureKind::kTimeout:
      return fmt::format("the API server at {} gave no answer within {}: try again later", server,
                         FormatDuration(timeout));
    case FailureKind::kCut:
      return fmt::format(
          "the connection to the API server at {} ended before its answer ({}): try again", server,
          failure.detail);
    case FailureKind::kTooLarge:
      return fmt::format("the answer of the API server at {} is too large: ask for less", server);
    case FailureKind::kClosed:
      return "the Kubernetes client was closed before the answer";
  }
  return {};
}

ErrorCode Code(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::kResolve:
    case FailureKind::kConnect:
    case FailureKind::kServerCertificate:
    case FailureKind::kClientCertificate:
    case FailureKind::kHandshake:
      return ErrorCode::kUnavailable;
    case FailureKind::kCredentials:
      return ErrorCode::kInvalidArgument;
    case FailureKind::kTimeout:
    case FailureKind::kCut:
    case FailureKind::kTooLarge:
      return failure.write_sent ? ErrorCode::kIndeterminate : ErrorCode::kUnavailable;
    case FailureKind::kClosed:
      return failure.write_sent ? ErrorCode::kIndeterminate : ErrorCode::kCancelled;
  }
  return ErrorCode::kInternal;
}

}  // namespace

Error DescribeFailure(const Failure& failure, const std::string& server, Nanos timeout) {
  Error error{Code(failure), Sentence(failure, server, timeout), 0, {}};
  if (error.code == ErrorCode::kIndeterminate)
    error.message += "; the write may or may not have happened";
  return error;
}

bool IsClientCertificateAlert(const std::string& detail) {
  // The alert descriptions of RFC 8446 section 6.2 that concern the peer's certificate.
  static constexpr std::array<std::string_view, 7> kAlerts{
      "alert bad certificate",     "alert unsupported certificate", "alert certificate revoked",
      "alert certificate expired", "alert certificate unknown",     "alert unknown ca",
      "alert certificate required"};
  for (const std::string_view alert : kAlerts) {
    if (detail.find(alert) != std::string::npos) return true;
  }
  return false;
}

}  // namespace holdfast::kube
