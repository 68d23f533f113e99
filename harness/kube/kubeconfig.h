// Reads a kubeconfig file: server, CA, client certificate and key, token; each as data or as a
// file.
#ifndef HOLDFAST_HARNESS_KUBE_KUBECONFIG_H_
#define HOLDFAST_HARNESS_KUBE_KUBECONFIG_H_

#include <filesystem>
#include <string>

#include "harness/base/result.h"

namespace holdfast::kube {

// How to reach one cluster as one user. Holds secrets: never print it.
//
// Requests and streams go through the proxy that HTTPS_PROXY names, unless NO_PROXY names the host
// of `server` or it is this machine; see proxy.h. Streams (exec, port-forward) want an http proxy,
// by its method CONNECT; with any other they fail at once and say so.
struct ClusterAccess {
  std::string context;          // The kubeconfig context it came from.
  std::string server;           // "https://host:port" or "https://host:port/path", no last slash.
  std::string tls_server_name;  // Verified instead of the host of `server`, when not empty.
  std::string ca_pem;           // Empty: the system's certificate authorities.
  std::string client_certificate_pem;
  std::string client_key_pem;
  std::string token;                 // As it was when the kubeconfig was read.
  std::filesystem::path token_file;  // Where it comes from, if a file: looked at again each minute
                                     // and after a 401, since such tokens are replaced in time.
  std::string ns;                    // Default namespace of the context, or empty.
};

// `context` empty means current-context. Errors name the file, the contexts that exist, and what to
// do: a missing file, bad YAML, an unknown context, a user or cluster entry that is missing, a
// certificate file that cannot be read, `insecure-skip-tls-verify: true` (refused: verification is
// always on), an exec plugin (not supported, with advice to use a token), a server that is not
// https.
Result<ClusterAccess> LoadKubeconfig(const std::filesystem::path& file, const std::string& context);

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_KUBECONFIG_H_
