// The API's semantics: defaults, validation, generation, subresources, deletion.
#include "harness/sandbox/api/registry.h"

#include <gtest/gtest.h>

#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kNs = "ns";

Json PodObject(const std::string& name) {
  return {{"metadata", {{"name", name}}},
          {"spec", {{"containers", {{{"name", "main"}, {"image", "busybox:1"}}}}}}};
}
Json SetObject() {
  return {{"metadata", {{"name", "web"}}},
          {"spec",
           {{"serviceName", "web"},
            {"selector", {{"matchLabels", {{"app", "web"}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", "web"}}}, {"creationTimestamp", nullptr}}},
              {"spec", {{"containers", {{{"name", "main"}, {"image", "busybox"}}}}}}}},
            {"volumeClaimTemplates",
             {{{"metadata", {{"name", "data"}}},
               {"spec",
                {{"accessModes", {"ReadWriteOnce"}},
                 {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}}}}}};
}

WriteParameters In(const std::string& subresource) {
  WriteParameters parameters;
  parameters.subresource = subresource;
  return parameters;
}
WriteParameters DryWrite() {
  WriteParameters parameters;
  parameters.dry_run = true;
  return parameters;
}
// A deletion with one parameter that is not the default.
template <typename T>
DeleteParameters With(T DeleteParameters::*member, T value) {
  DeleteParameters parameters;
  parameters.*member = std::move(value);
  return parameters;
}
DeleteParameters Grace(int64_t seconds) {
  return With<std::optional<int64_t>>(&DeleteParameters::grace_seconds, seconds);
}

class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    clock_.Advance(std::chrono::hours(1000));
    ASSERT_TRUE(registry_.Create("namespaces", "", {{"metadata", {{"name", kNs}}}}));
  }
  Json Stored(const std::string& resource, const std::string& name) {
    const auto found = store_.Get(resource, kNs, name);
    return found ? (*found)->json : Json();
  }
  // A pod that runs on a node, with the given grace period.
  void RunningPod(const std::string& name, int64_t grace) {
    Json pod = PodObject(name);
    pod["spec"]["terminationGracePeriodSeconds"] = grace;
    ASSERT_TRUE(registry_.Create("pods", kNs, pod));
    ASSERT_TRUE(registry_.Create(
        "pods", kNs,
        {{"metadata", {{"name", name}}}, {"target", {{"kind", "Node"}, {"name", "n1"}}}},
        In("binding")));
  }
  int CreateStatus(const std::string& resource, Json object) {
    const auto made = registry_.Create(resource, kNs, std::move(object));
    return made ? 201 : made.error().http_status;
  }
  std::vector<StoreEvent::Type> PodEventsAfter(uint64_t version) {
    std::vector<StoreEvent::Type> types;
    const auto events = store_.EventsAfter("pods", version, Nanos{0});
    if (!events) return types;
    for (const StoreEvent& event : *events)
      types.push_back(event.type);
    return types;
  }

  FakeClock clock_;
  Store store_{clock_};
  Registry registry_{store_, clock_};
};

TEST_F(RegistryTest, PodsGetWhatARealPodGets) {
  const auto pod = registry_.Create("pods", kNs, PodObject("p"));
  ASSERT_TRUE(pod) << pod.error().message;
  const Json& json = (*pod)->json;
  EXPECT_EQ(GetString(json, {"kind"}), "Pod");
  EXPECT_EQ(GetInt(json, {"metadata", "generation"}), 1);
  EXPECT_EQ(GetString(json, {"metadata", "namespace"}), kNs);
  EXPECT_EQ(GetInt(json, {"spec", "terminationGracePeriodSeconds"}), 30);
  EXPECT_EQ(GetString(json, {"spec", "restartPolicy"}), "Always");
  EXPECT_EQ(GetString(json, {"spec", "serviceAccountName"}), "default");
  EXPECT_EQ(GetString(json, {"spec", "schedulerName"}), "default-scheduler");
  EXPECT_TRUE(GetBool(json, {"spec", "enableServiceLinks"}));
  EXPECT_EQ(GetArray(json, {"spec", "tolerations"}).size(), 2U);
  EXPECT_EQ(GetInt(json, {"spec", "tolerations", "0", "tolerationSeconds"}), 300);
  EXPECT_EQ(json["status"], (Json{{"phase", "Pending"}, {"qosClass", "BestEffort"}}));
  EXPECT_EQ(GetString(json, {"spec", "containers", "0", "imagePullPolicy"}), "IfNotPresent");
}

TEST_F(RegistryTest, QualityOfServiceFollowsResources) {
  Json pod = PodObject("g");
  pod["spec"]["containers"][0]["resources"]["limits"] = {{"cpu", "1"}, {"memory", "1Gi"}};
  EXPECT_EQ(GetString((*registry_.Create("pods", kNs, pod))->json, {"status", "qosClass"}),
            "Guaranteed");
  pod = PodObject("b");
  pod["spec"]["containers"][0]["resources"]["requests"] = {{"cpu", "1"}};
  EXPECT_EQ(GetString((*registry_.Create("pods", kNs, pod))->json, {"status", "qosClass"}),
            "Burstable");
}

TEST_F(RegistryTest, StatefulSetsGetTheirDefaults) {
  const auto set = registry_.Create("statefulsets", kNs, SetObject());
  ASSERT_TRUE(set) << set.error().message;
  const Json& spec = (*set)->json["spec"];
  EXPECT_EQ(GetInt(spec, {"replicas"}), 1);
  EXPECT_EQ(spec["updateStrategy"],
            (Json{{"type", "RollingUpdate"}, {"rollingUpdate", {{"partition", 0}}}}));
  EXPECT_EQ(GetString(spec, {"podManagementPolicy"}), "OrderedReady");
  EXPECT_EQ(GetString(spec, {"persistentVolumeClaimRetentionPolicy", "whenScaled"}), "Retain");
  EXPECT_EQ(GetString(spec, {"volumeClaimTemplates", "0", "status", "phase"}), "Pending");
  EXPECT_EQ(GetString(spec, {"volumeClaimTemplates", "0", "spec", "volumeMode"}), "Filesystem");
  EXPECT_EQ(GetString(spec, {"template", "spec", "containers", "0", "imagePullPolicy"}), "Always");
  EXPECT_EQ(FindPath(spec, {"template", "metadata", "creationTimestamp"}), nullptr);
  EXPECT_EQ((*set)->json["status"], (Json{{"replicas", 0}, {"availableReplicas", 0}}));
}

TEST_F(RegistryTest, ServicesGetAddressesOfTheirOwn) {
  const auto service = [&](const std::string& name, const char* ip) {
    Json object = {{"metadata", {{"name", name}}}, {"spec", {{"ports", {{{"port", 80}}}}}}};
    if (ip != nullptr) object["spec"]["clusterIP"] = ip;
    return GetString((*registry_.Create("services", kNs, object))->json, {"spec", "clusterIP"});
  };
  EXPECT_EQ(service("headless", "None"), "None");
  const std::string first = service("a", nullptr);
  EXPECT_TRUE(first.starts_with("10.96.")) << first;
  EXPECT_NE(service("b", nullptr), first);
  EXPECT_EQ(GetInt(Stored("services", "a"), {"spec", "ports", "0", "targetPort"}), 80);
}

TEST_F(RegistryTest, OtherKindsGetTheirDefaults) {
  const auto secret = registry_.Create(
      "secrets", kNs, {{"metadata", {{"name", "s"}}}, {"stringData", {{"k", "hello"}}}});
  ASSERT_TRUE(secret);
  EXPECT_EQ(GetString((*secret)->json, {"data", "k"}), "aGVsbG8=");
  EXPECT_FALSE((*secret)->json.contains("stringData"));
  const auto ns = store_.Get("namespaces", "", kNs);
  ASSERT_TRUE(ns);
  EXPECT_EQ(GetString((*ns)->json, {"metadata", "labels", "kubernetes.io/metadata.name"}), kNs);
  EXPECT_EQ((*ns)->json["spec"]["finalizers"], Json::array({"kubernetes"}));
  ASSERT_TRUE(registry_.Create(
      "storageclasses", "",
      {{"metadata",
        {{"name", "fast"},
         {"annotations", {{"storageclass.kubernetes.io/is-default-class", "true"}}}}},
       {"provisioner", "x"}}));
  const auto claim = registry_.Create("persistentvolumeclaims", kNs,
                                      {{"metadata", {{"name", "c"}}},
                                       {"spec",
                                        {{"accessModes", {"ReadWriteOnce"}},
                                         {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}});
  ASSERT_TRUE(claim) << claim.error().message;
  EXPECT_EQ(GetString((*claim)->json, {"spec", "storageClassName"}), "fast");
  EXPECT_EQ((*claim)->json["metadata"]["finalizers"],
            Json::array({"kubernetes.io/pvc-protection"}));
}

TEST_F(RegistryTest, NamesAreGenerated) {
  Json pod = PodObject("");
  pod["metadata"] = {{"generateName", "web-"}};
  const auto first = registry_.Create("pods", kNs, pod);
  const auto second = registry_.Create("pods", kNs, pod);
  ASSERT_TRUE(first && second);
  const std::string name = GetString((*first)->json, {"metadata", "name"});
  EXPECT_EQ(name.size(), 9U);
  EXPECT_NE(name, GetString((*second)->json, {"metadata", "name"}));
}

struct RefusalRow {
  const char* name;
  const char* patch;  // Merged into a valid StatefulSet.
  int status;
  const char* field;
};
class RefusalTest : public RegistryTest, public ::testing::WithParamInterface<RefusalRow> {};
TEST_P(RefusalTest, NamesTheField) {
  Json set = SetObject();
  set.merge_patch(*ParseJson(GetParam().patch));
  const auto made = registry_.Create("statefulsets", kNs, set);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().http_status, GetParam().status) << made.error().message;
  const Json body = StatusBody(made.error(), FindResource("statefulsets"), "web");
  if (GetParam().status == 422) {
    EXPECT_EQ(GetString(body, {"details", "causes", "0", "field"}), GetParam().field) << body;
    EXPECT_EQ(GetString(body, {"details", "kind"}), "StatefulSet");
  } else {
    EXPECT_NE(made.error().message.find(GetParam().field), std::string::npos) << body;
  }
}
constexpr RefusalRow kRefusals[] = {
    {"NegativeReplicas", R"({"spec":{"replicas":-1}})", 422, "spec.replicas"},
    {"NegativePartition",
     R"({"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":-1}}}})",
     422, "spec.updateStrategy.rollingUpdate.partition"},
    {"OnDeleteWithBlock",
     R"({"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":{"partition":0}}}})", 422,
     "spec.updateStrategy.rollingUpdate"},
    {"UnknownPolicy", R"({"spec":{"podManagementPolicy":"Sideways"}})", 422,
     "spec.podManagementPolicy"},
    {"EmptySelector", R"({"spec":{"selector":null}})", 422, "spec.selector"},
    {"LabelsDoNotMatch", R"({"spec":{"selector":{"matchLabels":{"app":"x"}}}})", 422,
     "spec.template.metadata.labels"},
    {"RestartNever", R"({"spec":{"template":{"spec":{"restartPolicy":"Never"}}}})", 422,
     "spec.template.spec.restartPolicy"},
    {"Deadline", R"({"spec":{"template":{"spec":{"activeDeadlineSeconds":5}}}})", 422,
     "spec.template.spec.activeDeadlineSeconds"},
    {"BadName", R"({"metadata":{"name":"Web.0"}})", 422, "metadata.name"},
    {"NoContainers", R"({"spec":{"template":{"spec":{"containers":[]}}}})", 422,
     "spec.template.spec.containers"},
    {"NoImage", R"({"spec":{"template":{"spec":{"containers":[{"name":"a"}]}}}})", 422,
     "spec.template.spec.containers[0].image"},
    {"MountWithoutVolume",
     R"({"spec":{"template":{"spec":{"containers":[{"name":"a","image":"i","volumeMounts":[{"name":"x","mountPath":"/x"}]}]}}}})",
     422, "spec.template.spec.containers[0].volumeMounts[0].name"},
    {"LabelThatIsANumber", R"({"spec":{"template":{"metadata":{"labels":{"app":5}}}}})", 400,
     "spec.template.metadata.labels"},
    {"MetadataThatIsAList", R"({"metadata":[]})", 400, "metadata"},
    {"ReplicasAsText", R"({"spec":{"replicas":"three"}})", 400, "spec.replicas"},
    {"AnotherKind", R"({"kind":"Pod"})", 400, "Pod"},
    {"AnotherNamespace", R"({"metadata":{"namespace":"other"}})", 400, "namespace"},
};
INSTANTIATE_TEST_SUITE_P(Rows, RefusalTest, ::testing::ValuesIn(kRefusals), [](const auto& row) {
  return row.param.name;
});

TEST_F(RegistryTest, SeveralCausesAreToldApart) {
  Json set = SetObject();
  set["spec"]["replicas"] = -1;
  set["spec"]["minReadySeconds"] = -2;
  const auto made = registry_.Create("statefulsets", kNs, set);
  ASSERT_FALSE(made);
  const Json body = StatusBody(made.error(), FindResource("statefulsets"), "web");
  ASSERT_EQ(GetArray(body, {"details", "causes"}).size(), 2U) << body;
  EXPECT_EQ(GetString(body, {"details", "causes", "1", "field"}), "spec.minReadySeconds");
  EXPECT_EQ(GetString(body, {"details", "causes", "1", "message"}),
            "Invalid value: -2: must be greater than or equal to 0");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "reason"}), "FieldValueInvalid");
}

TEST_F(RegistryTest, NamespacesMustExistAndLive) {
  const auto nowhere = registry_.Create("pods", "nowhere", PodObject("p"));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().http_status, 404);
  const auto deleted = registry_.Delete("namespaces", "", kNs, {});
  ASSERT_TRUE(deleted);
  EXPECT_EQ(GetString((*deleted)->json, {"status", "phase"}), "Terminating");
  EXPECT_EQ(CreateStatus("pods", PodObject("p")), 403);
  ASSERT_TRUE(registry_.Edit("namespaces", "", kNs, "", [](Json& ns) -> Status {
    ns["spec"].erase("finalizers");
    return {};
  }));
  EXPECT_FALSE(store_.Get("namespaces", "", kNs));
}

TEST_F(RegistryTest, GenerationMovesWithTheSpecOnly) {
  ASSERT_TRUE(registry_.Create("statefulsets", kNs, SetObject()));
  const auto generation = [&] {
    return GetInt(Stored("statefulsets", "web"), {"metadata", "generation"});
  };
  const auto patch = [&](Json json, const std::string& subresource) {
    return registry_.Patch("statefulsets", kNs, "web", PatchFormat::kMerge, json, In(subresource));
  };
  ASSERT_TRUE(patch({{"metadata", {{"labels", {{"a", "b"}}}}}}, ""));
  EXPECT_EQ(generation(), 1);
  ASSERT_TRUE(patch({{"spec", {{"replicas", 3}}}}, ""));
  EXPECT_EQ(generation(), 2);
  ASSERT_TRUE(patch({{"status", {{"replicas", 9}}}}, ""));  // Ignored.
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"status", "replicas"}), 0);
  ASSERT_TRUE(patch({{"status", {{"replicas", 2}}}, {"spec", {{"replicas", 7}}}}, "status"));
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"status", "replicas"}), 2);
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"spec", "replicas"}), 3);
  EXPECT_EQ(generation(), 2);
  ASSERT_TRUE(patch({{"spec", {{"replicas", 5}}}}, "scale"));
  EXPECT_EQ(GetInt(Stored("statefulsets", "web"), {"spec", "replicas"}), 5);
  EXPECT_EQ(generation(), 3);
  const uint64_t before = store_.Version();
  ASSERT_TRUE(patch({{"spec", {{"replicas", 5}}}}, ""));
  EXPECT_EQ(store_.Version(), before);
}

TEST_F(RegistryTest, ForbiddenUpdatesAndPreconditions) {
  const auto made = registry_.Create("statefulsets", kNs, SetObject());
  ASSERT_TRUE(made);
  const auto status = [&](Json patch) {
    const auto result =
        registry_.Patch("statefulsets", kNs, "web", PatchFormat::kStrategicMerge, patch);
    return result ? 200 : result.error().http_status;
  };
  EXPECT_EQ(status({{"spec", {{"serviceName", "other"}}}}), 422);
  EXPECT_EQ(status({{"metadata", {{"uid", "other"}}}}), 422);
  EXPECT_EQ(status({{"metadata", {{"resourceVersion", "1"}}}}), 409);
  EXPECT_EQ(status({{"metadata", {{"resourceVersion", std::to_string((*made)->version)}}},
                    {"spec", {{"replicas", 2}}}}),
            200);
  Json stale = (*made)->json;
  const auto replaced = registry_.Replace("statefulsets", kNs, "web", stale);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().reason, "Conflict");
  stale["metadata"].erase("resourceVersion");
  EXPECT_TRUE(registry_.Replace("statefulsets", kNs, "web", stale));
  EXPECT_EQ(registry_.Replace("statefulsets", kNs, "gone", stale).error().http_status, 404);
  EXPECT_EQ(registry_.Patch("statefulsets", kNs, "web", PatchFormat::kApply, Json::object())
                .error()
                .http_status,
            400);
}

TEST_F(RegistryTest, APodsSpecIsFixedButForImages) {
  ASSERT_TRUE(registry_.Create("pods", kNs, PodObject("p")));
  const auto patch = [&](Json spec) {
    return registry_.Patch("pods", kNs, "p", PatchFormat::kStrategicMerge, {{"spec", spec}})
        .has_value();
  };
  EXPECT_TRUE(patch({{"containers", {{{"name", "main"}, {"image", "busybox:2"}}}}}));
  EXPECT_FALSE(patch({{"hostname", "x"}}));
  EXPECT_FALSE(patch({{"containers", {{{"name", "new"}, {"image", "busybox:2"}}}}}));
}

TEST_F(RegistryTest, BindingIsDoneOnce) {
  RunningPod("p", 30);
  const Json pod = Stored("pods", "p");
  EXPECT_EQ(GetString(pod, {"spec", "nodeName"}), "n1");
  EXPECT_EQ(GetInt(pod, {"metadata", "generation"}), 1);
  EXPECT_EQ(GetString(pod, {"status", "conditions", "0", "type"}), "PodScheduled");
  const auto again = registry_.Create(
      "pods", kNs, {{"metadata", {{"name", "p"}}}, {"target", {{"name", "n2"}}}}, In("binding"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().http_status, 409);
}

TEST_F(RegistryTest, DryRunWritesNothing) {
  const uint64_t before = store_.Version();
  EXPECT_TRUE(registry_.Create("pods", kNs, PodObject("p"), DryWrite()));
  EXPECT_EQ(store_.Version(), before);
  ASSERT_TRUE(registry_.Create("pods", kNs, PodObject("p")));
  const uint64_t created = store_.Version();
  const auto patched = registry_.Patch("pods", kNs, "p", PatchFormat::kMerge,
                                       {{"metadata", {{"labels", {{"a", "b"}}}}}}, DryWrite());
  ASSERT_TRUE(patched);
  EXPECT_EQ(GetString((*patched)->json, {"metadata", "labels", "a"}), "b");
  EXPECT_TRUE(registry_.Delete("pods", kNs, "p", With(&DeleteParameters::dry_run, true)));
  EXPECT_EQ(store_.Version(), created);
}

TEST_F(RegistryTest, AScheduledPodGetsItsGrace) {
  RunningPod("p", 20);
  const uint64_t before = store_.Version();
  const auto deleted = registry_.Delete("pods", kNs, "p", {});
  ASSERT_TRUE(deleted);
  const Json& metadata = (*deleted)->json["metadata"];
  EXPECT_EQ(GetString(metadata, {"deletionTimestamp"}), "2020-01-30T16:00:20Z");
  EXPECT_EQ(GetInt(metadata, {"deletionGracePeriodSeconds"}), 20);
  EXPECT_EQ(GetInt(metadata, {"generation"}), 2);
  // A longer grace changes nothing; a shorter one counts from the first request.
  clock_.Advance(std::chrono::seconds(3));
  ASSERT_TRUE(registry_.Delete("pods", kNs, "p", Grace(60)));
  EXPECT_EQ(Stored("pods", "p"), (*deleted)->json);
  ASSERT_TRUE(registry_.Delete("pods", kNs, "p", Grace(5)));
  EXPECT_EQ(GetString(Stored("pods", "p"), {"metadata", "deletionTimestamp"}),
            "2020-01-30T16:00:05Z");
  // One that ran out already becomes a second, from now.
  ASSERT_TRUE(registry_.Delete("pods", kNs, "p", Grace(2)));
  EXPECT_EQ(GetInt(Stored("pods", "p"), {"metadata", "deletionGracePeriodSeconds"}), 1);
  EXPECT_EQ(GetString(Stored("pods", "p"), {"metadata", "deletionTimestamp"}),
            "2020-01-30T16:00:03Z");
  EXPECT_EQ(GetInt(Stored("pods", "p"), {"metadata", "generation"}), 2);
  ASSERT_TRUE(registry_.Delete("pods", kNs, "p", Grace(0)));
  EXPECT_FALSE(store_.Get("pods", kNs, "p"));
  using Type = StoreEvent::Type;
  EXPECT_EQ(PodEventsAfter(before), (std::vector{Type::kModified, Type::kModified, Type::kModified,
                                                 Type::kModified, Type::kDeleted}));
}

TEST_F(RegistryTest, APodThatNoNodeRunsGoesAtOnce) {
  ASSERT_TRUE(registry_.Create("pods", kNs, PodObject("unscheduled")));
  ASSERT_TRUE(registry_.Delete("pods", kNs, "unscheduled", Grace(30)));
  EXPECT_FALSE(store_.Get("pods", kNs, "unscheduled"));
  RunningPod("failed", 30);
  ASSERT_TRUE(registry_.Edit("pods", kNs, "failed", "", [](Json& pod) -> Status {
    pod["status"]["phase"] = "Failed";
    return {};
  }));
  ASSERT_TRUE(registry_.Delete("pods", kNs, "failed", {}));
  EXPECT_FALSE(store_.Get("pods", kNs, "failed"));
}

TEST_F(RegistryTest, DeletionHonoursPreconditionsAndFinalizers) {
  RunningPod("p", 5);
  EXPECT_EQ(registry_.Delete("pods", kNs, "p", With<std::string>(&DeleteParameters::uid, "other"))
                .error()
                .reason,
            "Conflict");
  EXPECT_EQ(
      registry_
          .Delete("pods", kNs, "p", With<std::string>(&DeleteParameters::resource_version, "1"))
          .error()
          .http_status,
      409);
  EXPECT_EQ(registry_.Delete("pods", kNs, "none", {}).error().http_status, 404);
  EXPECT_EQ(
      registry_.Delete("pods", kNs, "p", With<std::string>(&DeleteParameters::propagation, "Up"))
          .error()
          .http_status,
      422);
  ASSERT_TRUE(registry_.Patch("pods", kNs, "p", PatchFormat::kMerge,
                              {{"metadata", {{"finalizers", {"example.org/hold"}}}}}));
  ASSERT_TRUE(registry_.Delete("pods", kNs, "p", Grace(0)));
  ASSERT_TRUE(store_.Get("pods", kNs, "p"));
  EXPECT_FALSE(registry_.Patch("pods", kNs, "p", PatchFormat::kMerge,
                               {{"metadata", {{"finalizers", {"example.org/hold", "x/y"}}}}}));
  ASSERT_TRUE(registry_.Patch("pods", kNs, "p", PatchFormat::kMerge,
                              {{"metadata", {{"finalizers", nullptr}}}}));
  EXPECT_FALSE(store_.Get("pods", kNs, "p"));
}

struct PropagationRow {
  const char* policy;
  const char* finalizer;  // nullptr: goes at once.
};
class PropagationTest : public RegistryTest,
                        public ::testing::WithParamInterface<PropagationRow> {};
TEST_P(PropagationTest, OfAStatefulSet) {
  ASSERT_TRUE(registry_.Create("statefulsets", kNs, SetObject()));
  const auto deleted =
      registry_.Delete("statefulsets", kNs, "web",
                       With<std::string>(&DeleteParameters::propagation, GetParam().policy));
  ASSERT_TRUE(deleted);
  const Json left = Stored("statefulsets", "web");
  if (GetParam().finalizer == nullptr) {
    EXPECT_TRUE(left.is_null());
    EXPECT_EQ(FindPath((*deleted)->json, {"metadata", "deletionTimestamp"}), nullptr);
  } else {
    EXPECT_EQ(left["metadata"]["finalizers"], Json::array({GetParam().finalizer}));
    EXPECT_EQ(GetInt(left, {"metadata", "generation"}), 2);
  }
}
INSTANTIATE_TEST_SUITE_P(Rows,
                         PropagationTest,
                         ::testing::Values(PropagationRow{"Background", nullptr},
                                           PropagationRow{"Foreground", "foregroundDeletion"},
                                           PropagationRow{"Orphan", "orphan"}));

}  // namespace
}  // namespace holdfast::sandbox
