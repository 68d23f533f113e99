// A reflector, as client-go calls it.
#include "harness/sandbox/node/pod_source.h"

#include <algorithm>

#include "harness/base/log.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kFirstBackOff = std::chrono::milliseconds(20);
constexpr Nanos kLastBackOff = std::chrono::seconds(1);

Result<std::string> List(ApiClient& api,
                         const std::string& path,
                         const PodSink& sink,
                         const std::stop_token& stop) {
  HOLDFAST_ASSIGN(const Json list, api.Get(path, stop));
  std::vector<Json> pods;
  for (const Json& pod : GetArray(list, {"items"}))
    pods.push_back(pod);
  sink.replace(pods);
  return GetString(list, {"metadata", "resourceVersion"});
}

}  // namespace

void FollowPods(ApiClient& api,
                const std::string& node_name,
                Clock& clock,
                const PodSink& sink,
                std::stop_token stop) {
  const std::string path = "/api/v1/pods?fieldSelector=spec.nodeName%3D" + node_name;
  std::string version;  // Empty: list first.
  Nanos back_off = kFirstBackOff;
  while (!stop.stop_requested()) {
    Status done;
    if (version.empty()) {
      auto listed = List(api, path, sink, stop);
      if (listed)
        version = *std::move(listed);
      else
        done = Fail(listed.error());
    }
    if (!version.empty()) {
      done = api.Watch(
          path + "&watch=true&allowWatchBookmarks=true&resourceVersion=" + version,
          [&](const std::string& type, Json pod) {
            back_off = kFirstBackOff;
            version = GetString(pod, {"metadata", "resourceVersion"}, version);
            if (type == "ADDED" || type == "MODIFIED") sink.changed(std::move(pod));
            if (type == "DELETED") sink.deleted(pod);
          },
          stop);
      if (!done && done.error().http_status == 410) version.clear();
    }
    if (!done && !stop.stop_requested())
      Log(LogLevel::kInfo, "pods of {}: {}", node_name, done.error().message);
    clock.SleepFor(back_off, stop);
    back_off = std::min(back_off * 2, kLastBackOff);
  }
}

}  // namespace holdfast::sandbox::node
