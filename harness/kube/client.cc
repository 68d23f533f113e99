// See client.h: verbs, paths and bodies; the wire is transport.h, the meaning of answers status.h.
#include "harness/kube/client.h"

#include <algorithm>
#include <atomic>

#include "harness/kube/query.h"
#include "harness/kube/status.h"
#include "harness/kube/transport.h"
#include "harness/kube/watch.h"

namespace holdfast::kube {
namespace {

std::string ContentType(PatchType type) {
  switch (type) {
    case PatchType::kJson:
      return "application/json-patch+json";
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kStrategicMerge:
      return "application/strategic-merge-patch+json";
    case PatchType::kApply:
      return "application/apply-patch+yaml";  // JSON is YAML.
  }
  return {};
}

// Names go into the path as they are, so they must not be able to change it.
Status CheckName(const std::string& what, const std::string& name, bool needed) {
  const auto odd = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f ||
           c == '/' || c == '%' || c == '?' || c == '#' || c == '\\';
  };
  if ((name.empty() && needed) || name == "." || name == ".." ||
      std::any_of(name.begin(), name.end(), odd))
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is not a valid {}: use lower-case letters, digits, '-' and '.'", name, what);
  return {};
}

Status CheckRef(const ObjectRef& ref) {
  HOLDFAST_RETURN_IF_ERROR(CheckName("namespace", ref.ns, ref.resource.namespaced));
  return CheckName("name of " + ref.resource.plural, ref.name, true);
}

Status CheckPath(const std::string& path) {
  const auto odd = [](char c) { return c <= ' ' || c > '~' || c == '#'; };
  if (!path.starts_with('/') || std::any_of(path.begin(), path.end(), odd))
    return Fail(ErrorCode::kInvalidArgument, "'{}' is not a path: begin with '/' and escape", path);
  return {};
}

class RunningWatch : public WatchHandle {
 public:
  RunningWatch(std::shared_ptr<Transport> transport, std::shared_ptr<Watcher> watcher)
      : transport_(std::move(transport)),
        watcher_(std::move(watcher)) {
    transport_->RunInLoop([this] { watcher_->Start(); });
  }
  RunningWatch(const RunningWatch&) = delete;
  RunningWatch& operator=(const RunningWatch&) = delete;
  // When the loop has ended already there is nobody left who could call the handler.
  ~RunningWatch() override {
    transport_->RunInLoop([this] { watcher_->Close(); });
  }

 private:
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<Watcher> watcher_;
};

class RestClient : public Client {
 public:
  RestClient(ClusterAccess access, ClientOptions options, std::shared_ptr<Transport> transport)
      : access_(std::move(access)),
        options_(options),
        transport_(std::move(transport)) {}
  RestClient(const RestClient&) = delete;
  RestClient& operator=(const RestClient&) = delete;
  ~RestClient() override { transport_->Stop(); }

  Result<Json> Get(const ObjectRef& ref) override {
    HOLDFAST_RETURN_IF_ERROR(CheckRef(ref));
    return Call({"get " + ref.ToString(), false}, {"GET", PathOf(ref), "", "", {}});
  }
  Result<ObjectList> List(const Resource& resource,
                          const std::string& ns,
                          const ListOptions& options) override;
  Result<Json> Create(const Resource& resource,
                      const std::string& ns,
                      const Json& object) override {
    HOLDFAST_RETURN_IF_ERROR(CheckName("namespace", ns, resource.namespaced));
    const ObjectRef ref{resource, ns, GetString(object, {"metadata", "name"})};
    return Call({"create " + ref.ToString(), true},
                {"POST", resource.Path(ns), "application/json", DumpJson(object), {}});
  }
  Result<Json> Replace(const ObjectRef& ref, const Json& object) override {
    HOLDFAST_RETURN_IF_ERROR(CheckRef(ref));
    return Call({"replace " + ref.ToString(), true},
                {"PUT", PathOf(ref), "application/json", DumpJson(object), {}});
  }
  Result<Json> Patch(const ObjectRef& ref,
                     PatchType type,
                     const Json& patch,
                     const std::string& subresource,
                     const std::string& field_manager) override;
  Result<Json> Delete(const ObjectRef& ref, const DeleteOptions& options) override;
  Result<Json> Post(const std::string& path, const Json& body) override;
  Result<std::string> GetRaw(const std::string& path) override;
  std::unique_ptr<WatchHandle> Watch(const Resource& resource,
                                     const std::string& ns,
                                     WatchHandler& handler) override {
    return std::make_unique<RunningWatch>(
        transport_, std::make_shared<Watcher>(transport_, resource, ns, handler, options_));
  }

  void SetTimeout(Nanos timeout) override { timeout_ = timeout.count(); }
  [[nodiscard]] const ClusterAccess& access() const override { return access_; }
  [[nodiscard]] std::optional<Nanos> ServerClockOffset() const override {
    return transport_->ServerClockOffset();
  }

 private:
  static std::string PathOf(const ObjectRef& ref, const std::string& subresource = "") {
    return ref.resource.Path(ref.ns, ref.name, subresource);
  }
  [[nodiscard]] Deadline NewDeadline() const { return {SystemClock(), Nanos(timeout_)}; }
  // Sends, and sends again where the server says so, until an answer is final or time is up.
  HttpAnswer Send(const Operation& operation, const HttpRequest& request, const Deadline& until);
  Result<Json> Call(const Operation& operation, const HttpRequest& request) {
    return InterpretAnswer(operation, Send(operation, request, NewDeadline()));
  }

  const ClusterAccess access_;
  const ClientOptions options_;
  const std::shared_ptr<Transport> transport_;
  std::atomic<int64_t> timeout_{Nanos(std::chrono::seconds(30)).count()};
};

HttpAnswer RestClient::Send(const Operation& operation,
                            const HttpRequest& request,
                            const Deadline& until) {
  while (true) {
    HttpRequest attempt = request;
    attempt.timeout = until.Left();
    HttpAnswer answer = transport_->Perform(std::move(attempt));
    const std::optional<Nanos> delay = RetryDelay(operation, answer);
    if (!delay || *delay >= until.Left()) return answer;
    SystemClock().SleepFor(*delay, {});
  }
}

Result<ObjectList> RestClient::List(const Resource& resource,
                                    const std::string& ns,
                                    const ListOptions& options) {
  HOLDFAST_RETURN_IF_ERROR(CheckName("namespace", ns, false));
  const Operation operation{"list " + resource.plural + (ns.empty() ? "" : " in " + ns), false};
  const Deadline until = NewDeadline();
  ObjectList list;
  std::string token;
  while (true) {
    const HttpRequest request{
        "GET",
        resource.Path(ns) + Query({{"limit", std::to_string(std::max(1, options.page_size))},
                                   {"continue", token},
                                   {"labelSelector", options.label_selector},
                                   {"fieldSelector", options.field_selector}}),
        "",
        "",
        {}};
    Result<Json> page = InterpretAnswer(operation, Send(operation, request, until));
    if (!page && IsExpired(page.error()) && !token.empty() && !until.Passed()) {
      // The pages before belong to a version that is gone: they are worth nothing now.
      list = {};
      token.clear();
      continue;
    }
    if (!page) return Fail(page.error());
    list.resource_version = GetString(*page, {"metadata", "resourceVersion"});
    if (const auto items = page->find("items"); items != page->end() && items->is_array()) {
      for (Json& item : *items) {
        if (!item.is_object()) continue;
        if (!item.contains("kind")) item["kind"] = resource.kind;
        if (!item.contains("apiVersion")) item["apiVersion"] = resource.ApiVersion();
        list.items.push_back(std::move(item));
      }
    }
    token = GetString(*page, {"metadata", "continue"});
    if (token.empty()) return list;
  }
}

Result<Json> RestClient::Patch(const ObjectRef& ref,
                               PatchType type,
                               const Json& patch,
                               const std::string& subresource,
                               const std::string& field_manager) {
  HOLDFAST_RETURN_IF_ERROR(CheckRef(ref));
  const bool apply = type == PatchType::kApply;
  if (apply && field_manager.empty())
    return Fail(ErrorCode::kInvalidArgument, "an apply patch of {} needs a field manager",
                ref.ToString());
  const std::string target = PathOf(ref, subresource) + Query({{"fieldManager", field_manager},
                                                               {"force", apply ? "true" : ""}});
  return Call({"patch " + ref.ToString(), true},
              {"PATCH", target, ContentType(type), DumpJson(patch), {}});
}

Result<Json> RestClient::Delete(const ObjectRef& ref, const DeleteOptions& options) {
  HOLDFAST_RETURN_IF_ERROR(CheckRef(ref));
  Json body{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!options.propagation.empty()) body["propagationPolicy"] = options.propagation;
  if (options.grace_seconds) body["gracePeriodSeconds"] = *options.grace_seconds;
  if (!options.uid_precondition.empty()) body["preconditions"]["uid"] = options.uid_precondition;
  if (!options.resource_version_precondition.empty())
    body["preconditions"]["resourceVersion"] = options.resource_version_precondition;
  return Call({"delete " + ref.ToString(), true},
              {"DELETE", PathOf(ref), "application/json", DumpJson(body), {}});
}

Result<Json> RestClient::Post(const std::string& path, const Json& body) {
  HOLDFAST_RETURN_IF_ERROR(CheckPath(path));
  return Call({"post to " + path, true}, {"POST", path, "application/json", DumpJson(body), {}});
}

Result<std::string> RestClient::GetRaw(const std::string& path) {
  HOLDFAST_RETURN_IF_ERROR(CheckPath(path));
  const Operation operation{"get " + path, false};
  HttpAnswer answer = Send(operation, {"GET", path, "", "", {}}, NewDeadline());
  if (std::optional<Error> error = ErrorOfAnswer(operation, answer)) return Fail(*std::move(error));
  return std::move(answer.body);
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Create(ClusterAccess access) {
  ClientOptions options;
  options.seed = OsEntropy();
  return Create(std::move(access), options);
}

Result<std::unique_ptr<Client>> Client::Create(ClusterAccess access, const ClientOptions& options) {
  HOLDFAST_ASSIGN(std::shared_ptr<Transport> transport, Transport::Start(access, options));
  return std::unique_ptr<Client>(
      std::make_unique<RestClient>(std::move(access), options, std::move(transport)));
}

}  // namespace holdfast::kube
