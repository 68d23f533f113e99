// See kubeconfig.h; the adapter of yaml-cpp for this format. All of yaml-cpp's exceptions end here.
#include "harness/kube/kubeconfig.h"

#include <algorithm>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/kube/pem.h"
#include "harness/kube/token.h"

namespace holdfast::kube {
namespace {
namespace fs = std::filesystem;

// Reads one file; every error starts with its name.
class Reader {
 public:
  explicit Reader(fs::path file) : file_(std::move(file)) {}

  Result<ClusterAccess> Read(const YAML::Node& root, const std::string& wanted) const;

 private:
  template <typename... Args>
  [[nodiscard]] tl::unexpected<Error> Wrong(fmt::format_string<Args...> format,
                                            Args&&... args) const {
    return Fail(ErrorCode::kInvalidArgument, "{}: {}", file_.string(),
                fmt::format(format, std::forward<Args>(args)...));
  }
  // The scalar below `key`, or empty when it is missing or null.
  Result<std::string> Text(const YAML::Node& map, const std::string& key) const;
  // The map called `inner` of the entry called `name` in the list `list` of the document.
  Result<YAML::Node> Entry(const YAML::Node& root,
                           const std::string& list,
                           const std::string& inner,
                           const std::string& name,
                           const std::string& context) const;
  // `key`-data in base64 or the file that `key` names; empty when neither is there.
  Result<std::string> DataOrFile(const YAML::Node& map,
                                 const std::string& key,
                                 const std::string& owner) const;
  Result<std::string> FileNamedBy(const std::string& path,
                                  const std::string& key,
                                  const std::string& owner) const;
  // Relative paths count from the kubeconfig's own directory, as kubectl does.
  [[nodiscard]] fs::path FullPath(const std::string& path) const {
    return fs::path(path).is_absolute() ? fs::path(path) : file_.parent_path() / path;
  }
  Result<std::string> ChooseContext(const YAML::Node& root, const std::string& wanted) const;
  Status ReadCluster(const YAML::Node& cluster, const std::string& name, ClusterAccess& out) const;
  Status ReadUser(const YAML::Node& user, const std::string& name, ClusterAccess& out) const;
  Status RefuseUnsupported(const YAML::Node& user, const std::string& name) const;

  fs::path file_;
};

std::vector<std::string> Names(const YAML::Node& root, const std::string& list) {
  std::vector<std::string> names;
  const YAML::Node entries = root[list];
  if (!entries.IsDefined() || !entries.IsSequence()) return names;
  for (const YAML::Node& entry : entries) {
    if (!entry.IsMap()) continue;
    if (const YAML::Node name = entry["name"]; name.IsDefined() && name.IsScalar())
      names.push_back(name.Scalar());
  }
  return names;
}

bool IsTrue(const YAML::Node& map, const std::string& key) {
  const YAML::Node value = map[key];
  return value.IsDefined() && value.IsScalar() && value.as<bool>(false);
}

bool Has(const YAML::Node& map, const std::string& key) {
  const YAML::Node value = map[key];
  return value.IsDefined() && !value.IsNull();
}

Result<std::string> Reader::Text(const YAML::Node& map, const std::string& key) const {
  const YAML::Node value = map[key];
  if (!value.IsDefined() || value.IsNull()) return std::string();
  if (!value.IsScalar()) return Wrong("'{}' in line {} must be a text", key, value.Mark().line + 1);
  return value.Scalar();
}

Result<YAML::Node> Reader::Entry(const YAML::Node& root,
                                 const std::string& list,
                                 const std::string& inner,
                                 const std::string& name,
                                 const std::string& context) const {
  const YAML::Node entries = root[list];
  if (entries.IsDefined() && entries.IsSequence()) {
    for (const YAML::Node& entry : entries) {
      if (!entry.IsMap()) continue;
      const YAML::Node entry_name = entry["name"];
      if (!entry_name.IsDefined() || !entry_name.IsScalar() || entry_name.Scalar() != name)
        continue;
      const YAML::Node value = entry[inner];
      if (value.IsDefined() && value.IsMap()) return value;
      if (inner == "user" && (!value.IsDefined() || value.IsNull()))
        return YAML::Node(YAML::NodeType::Map);
      return Wrong("the entry '{}' of '{}' has no '{}' map; add it", name, list, inner);
    }
  }
  const std::vector<std::string> names = Names(root, list);
  return Wrong("context '{}' names the {} '{}', but '{}' has {}; add the entry or correct the name",
               context, inner, name, list,
               names.empty() ? "no entries" : "only " + Join(names, ", "));
}

Result<std::string> Reader::FileNamedBy(const std::string& path,
                                        const std::string& key,
                                        const std::string& owner) const {
  Result<std::string> content = ReadFile(FullPath(path));
  if (!content)
    return Wrong("'{}' of {}: {}; correct the path or its permissions", key, owner,
                 content.error().message);
  return content;
}

Result<std::string> Reader::DataOrFile(const YAML::Node& map,
                                       const std::string& key,
                                       const std::string& owner) const {
  HOLDFAST_ASSIGN(const std::string data, Text(map, key + "-data"));
  if (!data.empty()) {
    std::string packed;
    std::copy_if(data.begin(), data.end(), std::back_inserter(packed),
                 [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
    Result<std::string> decoded = Base64Decode(packed);
    if (!decoded) return Wrong("'{}-data' of {} is not base64; write it again", key, owner);
    return decoded;
  }
  HOLDFAST_ASSIGN(const std::string path, Text(map, key));
  if (path.empty()) return std::string();
  return FileNamedBy(path, key, owner);
}

Result<std::string> Reader::ChooseContext(const YAML::Node& root, const std::string& wanted) const {
  const std::vector<std::string> contexts = Names(root, "contexts");
  const std::string there =
      contexts.empty() ? "it has no contexts" : "its contexts are " + Join(contexts, ", ");
  HOLDFAST_ASSIGN(const std::string current, Text(root, "current-context"));
  const std::string chosen = wanted.empty() ? current : wanted;
  if (chosen.empty())
    return Wrong("no current-context is set and none was asked for; choose one with --context ({})",
                 there);
  if (std::find(contexts.begin(), contexts.end(), chosen) == contexts.end())
    return Wrong("there is no context '{}'{}; choose another with --context ({})", chosen,
                 wanted.empty() ? " (its current-context)" : "", there);
  return chosen;
}

Status Reader::ReadCluster(const YAML::Node& cluster,
                           const std::string& name,
                           ClusterAccess& out) const {
  const std::string owner = "cluster '" + name + "'";
  if (IsTrue(cluster, "insecure-skip-tls-verify"))
    return Wrong(
        "{} sets insecure-skip-tls-verify, which is refused because the server could be "
        "anybody; give its CA in certificate-authority-data instead",
        owner);
  if (Has(cluster, "proxy-url"))
    return Wrong("{} sets proxy-url, which is not supported; set HTTPS_PROXY in the environment",
                 owner);
  HOLDFAST_ASSIGN(out.server, Text(cluster, "server"));
  while (out.server.ends_with('/'))
    out.server.pop_back();
  if (out.server.empty()) return Wrong("{} has no 'server'; add https://host:port", owner);
  const auto odd = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '@'; };
  if (!out.server.starts_with("https://") || out.server.size() == std::string("https://").size() ||
      std::any_of(out.server.begin(), out.server.end(), odd))
    return Wrong(
        "the server of {} is not of the form https://host:port; only verified TLS is "
        "supported",
        owner);
  HOLDFAST_ASSIGN(out.tls_server_name, Text(cluster, "tls-server-name"));
  HOLDFAST_ASSIGN(out.ca_pem, DataOrFile(cluster, "certificate-authority", owner));
  if (!out.ca_pem.empty() && !HoldsCertificate(out.ca_pem))
    return Wrong("the certificate-authority of {} holds no PEM certificate; write it again", owner);
  return {};
}

Status Reader::RefuseUnsupported(const YAML::Node& user, const std::string& name) const {
  for (const char* plugin : {"exec", "auth-provider"}) {
    if (Has(user, plugin))
      return Wrong(
          "user '{}' gets its credentials from the {} plugin, which is not supported; put "
          "a token (kubectl create token) or a client certificate there",
          name, plugin);
  }
  for (const char* key : {"username", "password"}) {
    if (Has(user, key))
      return Wrong(
          "user '{}' uses basic authentication, which Kubernetes no longer has; put a "
          "token or a client certificate there",
          name);
  }
  for (const char* key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (Has(user, key))
      return Wrong(
          "user '{}' sets '{}' (impersonation), which is not supported; use a user that "
          "has the rights itself",
          name, key);
  }
  return {};
}

Status Reader::ReadUser(const YAML::Node& user, const std::string& name, ClusterAccess& out) const {
  const std::string owner = "user '" + name + "'";
  HOLDFAST_RETURN_IF_ERROR(RefuseUnsupported(user, name));
  HOLDFAST_ASSIGN(out.client_certificate_pem, DataOrFile(user, "client-certificate", owner));
  HOLDFAST_ASSIGN(out.client_key_pem, DataOrFile(user, "client-key", owner));
  if (out.client_certificate_pem.empty() != out.client_key_pem.empty())
    return Wrong("{} has a client-{} but no client-{}; give both", owner,
                 out.client_key_pem.empty() ? "certificate" : "key",
                 out.client_key_pem.empty() ? "key" : "certificate");
  if (!out.client_certificate_pem.empty()) {
    if (const auto problem = ClientCertificateProblem(out.client_certificate_pem,
                                                      out.client_key_pem, SystemClock().Wall()))
      return Wrong("the client certificate of {} {}", owner, *problem);
  }
  HOLDFAST_ASSIGN(out.token, Text(user, "token"));
  HOLDFAST_ASSIGN(const std::string token_file, Text(user, "tokenFile"));
  if (!token_file.empty()) {
    HOLDFAST_ASSIGN(const std::string content, FileNamedBy(token_file, "tokenFile", owner));
    out.token = std::string(Trim(content));
    out.token_file = FullPath(token_file);
    if (out.token.empty()) return Wrong("the tokenFile of {} is empty; write a token to it", owner);
  }
  if (!out.token.empty() && !IsToken(out.token))
    return Wrong("the token of {} holds blanks or control characters; write it again", owner);
  return {};
}

Result<ClusterAccess> Reader::Read(const YAML::Node& root, const std::string& wanted) const {
  if (!root.IsMap()) return Wrong("this is not a kubeconfig: a map was expected; write it again");
  ClusterAccess access;
  HOLDFAST_ASSIGN(access.context, ChooseContext(root, wanted));
  HOLDFAST_ASSIGN(const YAML::Node context,
                  Entry(root, "contexts", "context", access.context, access.context));
  HOLDFAST_ASSIGN(const std::string cluster_name, Text(context, "cluster"));
  HOLDFAST_ASSIGN(const std::string user_name, Text(context, "user"));
  HOLDFAST_ASSIGN(access.ns, Text(context, "namespace"));
  HOLDFAST_ASSIGN(const YAML::Node cluster,
                  Entry(root, "clusters", "cluster", cluster_name, access.context));
  HOLDFAST_RETURN_IF_ERROR(ReadCluster(cluster, cluster_name, access));
  if (user_name.empty()) return access;
  HOLDFAST_ASSIGN(const YAML::Node user, Entry(root, "users", "user", user_name, access.context));
  HOLDFAST_RETURN_IF_ERROR(ReadUser(user, user_name, access));
  return access;
}

}  // namespace

Result<ClusterAccess> LoadKubeconfig(const fs::path& file, const std::string& context) {
  Result<std::string> text = ReadFile(file);
  if (!text)
    return Fail(ErrorCode::kInvalidArgument,
                "{}; give a kubeconfig with --kubeconfig or KUBECONFIG", text.error().message);
  try {
    return Reader(file).Read(YAML::Load(*text), context);
  } catch (const YAML::Exception& error) {
    // Only the place: what yaml-cpp quotes could be a credential.
    return Fail(ErrorCode::kInvalidArgument, "{}:{}:{}: this is not valid YAML; correct the file",
                file.string(), error.mark.line + 1, error.mark.column + 1);
  }
}

}  // namespace holdfast::kube
