// Texts only; whoever calls writes them.
#include "harness/sandbox/node/pod_files.h"

#include <vector>

#include "harness/base/strings.h"

namespace holdfast::sandbox::node {
namespace {

std::vector<std::string> Strings(const Json& array) {
  std::vector<std::string> result;
  for (const Json& item : array)
    if (item.is_string()) result.push_back(item.get<std::string>());
  return result;
}

}  // namespace

std::string PodHostname(const Json& pod) {
  const std::string name = GetString(pod, {"spec", "hostname"});
  return name.empty() ? GetString(pod, {"metadata", "name"}) : name;
}

std::string PodFullName(const Json& pod, const std::string& cluster_domain) {
  const std::string subdomain = GetString(pod, {"spec", "subdomain"});
  if (subdomain.empty()) return PodHostname(pod);
  return fmt::format("{}.{}.{}.svc.{}", PodHostname(pod), subdomain,
                     GetString(pod, {"metadata", "namespace"}), cluster_domain);
}

std::string HostsFile(const Json& pod,
                      const std::string& pod_ip,
                      const std::string& cluster_domain) {
  std::string text =
      "# Kubernetes-managed hosts file.\n"
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::0\tip6-localnet\n"
      "fe00::0\tip6-mcastprefix\n"
      "fe00::1\tip6-allnodes\n"
      "fe00::2\tip6-allrouters\n";
  const std::string name = PodHostname(pod);
  const std::string subdomain = GetString(pod, {"spec", "subdomain"});
  if (subdomain.empty())
    text += fmt::format("{}\t{}\n", pod_ip, name);
  else
    text += fmt::format("{0}\t{1}.{2}.{3}.svc.{4}\t{1}\n", pod_ip, name, subdomain,
                        GetString(pod, {"metadata", "namespace"}), cluster_domain);
  const Json& aliases = GetArray(pod, {"spec", "hostAliases"});
  if (!aliases.empty()) text += "\n# Entries added by HostAliases.\n";
  for (const Json& alias : aliases)
    text += fmt::format("{}\t{}\n", GetString(alias, {"ip"}),
                        Join(Strings(GetArray(alias, {"hostnames"})), "\t"));
  return text;
}

std::string ResolvConf(const Json& pod,
                       const std::string& dns_server,
                       const std::string& cluster_domain) {
  std::vector<std::string> servers;
  std::vector<std::string> searches;
  std::vector<std::string> options;
  const std::string policy = GetString(pod, {"spec", "dnsPolicy"});
  if (policy == "Default") servers = {dns_server};
  if (policy != "None" && policy != "Default") {
    servers = {dns_server};
    searches = {GetString(pod, {"metadata", "namespace"}) + ".svc." + cluster_domain,
                "svc." + cluster_domain, cluster_domain};
    options = {"ndots:5"};
  }
  for (const std::string& server : Strings(GetArray(pod, {"spec", "dnsConfig", "nameservers"})))
    servers.push_back(server);
  for (const std::string& search : Strings(GetArray(pod, {"spec", "dnsConfig", "searches"})))
    searches.push_back(search);
  for (const Json& option : GetArray(pod, {"spec", "dnsConfig", "options"})) {
    const std::string value = GetString(option, {"value"});
    const std::string name = GetString(option, {"name"});
    std::erase_if(options, [&](const std::string& o) { return o.starts_with(name + ":"); });
    options.push_back(value.empty() ? name : name + ":" + value);
  }
  std::string text;
  if (!searches.empty()) text += "search " + Join(searches, " ") + "\n";
  for (const std::string& server : servers)
    text += "nameserver " + server + "\n";
  if (!options.empty()) text += "options " + Join(options, " ") + "\n";
  return text;
}

}  // namespace holdfast::sandbox::node
