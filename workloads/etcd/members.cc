#include "workloads/etcd/members.h"

#include "harness/base/strings.h"
#include "workloads/etcd/session.h"

namespace holdfast::workloads::etcd {
namespace {

Result<Json> Call(Session& session, const char* path, const Json& request, bool write) {
  Json answer;
  const Outcome outcome = CallGateway(session, path, request, write, answer);
  if (outcome.type == OutcomeType::kOk) return answer;
  return Fail(ErrorCode::kUnavailable, "{}: {} ({})", path, outcome.error, outcome.error_class);
}

Result<Json> List(Session& session) {
  return Call(session, "/v3/cluster/member/list", Json::object(), false);
}

// The pod's member in a list; a member without a name is known by its address.
const Json* Find(const Json& list, const std::string& pod) {
  for (const Json& member : GetArray(list, {"members"})) {
    const std::string name = GetString(member, {"name"});
    if (name == pod) return &member;
    if (!name.empty()) continue;
    for (const Json& url : GetArray(member, {"peerURLs"}))
      if (url.is_string() && url.get<std::string>().starts_with("http://" + pod + ".")) return &member;
  }
  return nullptr;
}

}  // namespace

std::string PeerUrl(const std::string& pod, const Deployment& deployment, int64_t peer_port) {
  return fmt::format("http://{}.{}.{}.svc:{}", pod, deployment.name, deployment.ns, peer_port);
}

std::string MembersText(const Json& answer, const std::string& newcomer) {
  std::vector<std::string> members;
  for (const Json& member : GetArray(answer, {"members"})) {
    const std::string name = GetString(member, {"name"}, newcomer);
    for (const Json& url : GetArray(member, {"peerURLs"}))
      members.push_back((name.empty() ? newcomer : name) + "=" + url.get<std::string>());
  }
  return Join(members, ",");
}

Result<std::string> AddMember(Session& session,
                              const std::string& pod,
                              const std::string& peer_url) {
  HOLDFAST_ASSIGN(Json list, List(session));
  if (Find(list, pod) == nullptr) {
    HOLDFAST_ASSIGN(list, Call(session, "/v3/cluster/member/add",
                               {{"peerURLs", Json::array({peer_url})}}, true));
  }
  return MembersText(list, pod);
}

Result<std::string> RemoveMember(Session& session, const std::string& pod) {
  HOLDFAST_ASSIGN(Json list, List(session));
  if (const Json* member = Find(list, pod)) {
    HOLDFAST_ASSIGN(list, Call(session, "/v3/cluster/member/remove",
                               {{"ID", (*member)["ID"]}}, true));
  }
  return MembersText(list, pod);
}

}  // namespace holdfast::workloads::etcd
