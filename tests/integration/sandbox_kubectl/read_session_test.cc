// kubectl reads: every output form, watches, describe of every kind, discovery.
#include <gmock/gmock.h>

#include "harness/base/json.h"
#include "harness/base/strings.h"

#include "tests/integration/sandbox_kubectl/session.h"

namespace holdfast {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Reads : public Session {};

TEST_F(Reads, GetInEveryOutput) {
  Deploy(2);
  EXPECT_THAT(Say({"get", "sts"}), ContainsRegex("NAME +READY +AGE\nweb +2/2 +[0-9]+s\n"));
  EXPECT_THAT(Say({"get", "sts", "-o", "wide"}),
              ContainsRegex("NAME +READY +AGE +CONTAINERS +IMAGES\nweb +2/2 +[0-9]+s +main "
                            "+busybox:1\n"));
  EXPECT_THAT(Say({"get", "sts/web", "-o", "yaml"}),
              AllOf(StartsWith("apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n"),
                    HasSubstr("  availableReplicas: 2\n")));
  const auto json = ParseJson(Say({"get", "pods", "-o", "json"}));
  ASSERT_TRUE(json);
  EXPECT_EQ(GetString(*json, {"kind"}), "List");
  EXPECT_EQ(GetArray(*json, {"items"}).size(), 2U);
  EXPECT_EQ(Say({"get", "pods", "-o", "name"}), "pod/web-0\npod/web-1\n");
  EXPECT_EQ(Say({"get", "pods", "-o", "jsonpath={.items[*].metadata.name}"}), "web-0 web-1");
  EXPECT_EQ(Say({"get", "pods", "--no-headers", "-o",
                 "custom-columns=N:.metadata.name,P:.status.phase"}),
            "web-0   Running\nweb-1   Running\n");
  EXPECT_EQ(Say({"get", "pods", "-o", "go-template={{range .items}}{{.metadata.name}};{{end}}"}),
            "web-0;web-1;");
  EXPECT_THAT(Say({"get", "pods", "--show-labels"}),
              HasSubstr("app=web,apps.kubernetes.io/pod-index=0,controller-revision-hash=web-"));
  EXPECT_EQ(Say({"get", "pods", "-l", "apps.kubernetes.io/pod-index=1", "-o", "name"}),
            "pod/web-1\n");
  EXPECT_EQ(Say({"get", "pods", "--field-selector", "metadata.name=web-0", "-o", "name"}),
            "pod/web-0\n");
  EXPECT_EQ(Say({"get", "pods", "--field-selector", "status.phase!=Running", "-o", "name"}), "");
  EXPECT_EQ(Say({"get", "pods", "--sort-by=.metadata.name", "-o", "name"}),
            "pod/web-0\npod/web-1\n");
  EXPECT_THAT(Say({"get", "all"}), AllOf(HasSubstr("pod/web-0"), HasSubstr("service/web"),
                                         HasSubstr("statefulset.apps/web")));
  EXPECT_THAT(Say({"get", "pods", "-A"}), ContainsRegex("getineveryoutput +web-0"));
  EXPECT_THAT(Say({"get", "pvc"}),
              ContainsRegex("NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS "
                            "+VOLUMEATTRIBUTESCLASS +AGE\ndata-web-0 +Bound +pvc-[^ ]+ +16Mi +RWO "
                            "+standard"));
  EXPECT_THAT(Say({"get", "svc"}),
              ContainsRegex("NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\\(S\\) +AGE\nweb "
                            "+ClusterIP +None +<none> +80/TCP"));
  EXPECT_THAT(Say({"get", "nodes", "-o", "wide"}),
              ContainsRegex("NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP +EXTERNAL-IP"));
  EXPECT_THAT(Refused({"get", "pod", "web-9"}),
              HasSubstr("Error from server (NotFound): pods \"web-9\" not found"));
  EXPECT_THAT(Refused({"get", "gadgets"}),
              HasSubstr("the server doesn't have a resource type \"gadgets\""));
  EXPECT_THAT(Kubectl({"get", "cm", "-l", "none=there"}).err, HasSubstr("No resources found in"));
}

TEST_F(Reads, GetWatches) {
  // A watch of one name ends by itself after what was asked for has been told.
  Say({"create", "configmap", "m", "--from-literal=n=0"});
  const ProcessResult watched =
      Kubectl({"get", "cm/m", "--watch", "--output-watch-events", "--request-timeout=3s"});
  EXPECT_THAT(watched.out, ContainsRegex("EVENT +NAME +DATA +AGE\nADDED +m +1 ")) << watched.err;
  EXPECT_THAT(Say({"get", "cm", "m", "-o", "jsonpath={.data.n}"}), "0");
}

TEST_F(Reads, DescribesEveryKind) {
  Deploy(1);
  Say({"create", "deployment", "d", "--image=busybox:1", "--", "sleep", "100000"});
  Say({"create", "configmap", "m", "--from-literal=key=value"});
  Say({"create", "secret", "generic", "s", "--from-literal=key=value"});
  Say({"create", "poddisruptionbudget", "b", "--selector=app=web", "--max-unavailable=1"});
  Say({"rollout", "status", "deployment/d", "--timeout=60s"});
  const auto describe = [&](const std::string& what) { return Say({"describe", what}); };
  EXPECT_THAT(describe("sts/web"),
              AllOf(ContainsRegex("Replicas: +1 desired \\| 1 total"),
                    ContainsRegex("Update Strategy: +RollingUpdate"),
                    ContainsRegex("Partition: +0"),
                    ContainsRegex("Pods Status: +1 Running / 0 Waiting / 0 Succeeded / 0 Failed"),
                    HasSubstr("Volume Claims:"),
                    ContainsRegex("SuccessfulCreate .*statefulset-controller")));
  EXPECT_THAT(describe("pod/web-0"),
              AllOf(ContainsRegex("Controlled By: +StatefulSet/web"),
                    ContainsRegex("ClaimName: +data-web-0"), ContainsRegex("Ready +True"),
                    ContainsRegex("Restart Count: +0"), HasSubstr("Started"),
                    HasSubstr("Tolerations:"), ContainsRegex("QoS Class: +BestEffort")));
  EXPECT_THAT(describe("svc/web"), AllOf(ContainsRegex("IP: +None"), ContainsRegex("Selector: +app=web"),
                                         ContainsRegex("Endpoints: +[0-9.]+:80")));
  EXPECT_THAT(describe("pvc/data-web-0"),
              AllOf(ContainsRegex("Status: +Bound"), ContainsRegex("Used By: +web-0")));
  const std::string volume = Field("pvc/data-web-0", ".spec.volumeName");
  EXPECT_THAT(describe("pv/" + volume),
              AllOf(ContainsRegex("Claim: +" + ns() + "/data-web-0"),
                    ContainsRegex("Reclaim Policy: +Delete")));
  EXPECT_THAT(describe("sc/standard"), ContainsRegex("IsDefaultClass: +Yes"));
  const std::string node = Field("pod/web-0", ".spec.nodeName");
  EXPECT_THAT(describe("node/" + node),
              AllOf(ContainsRegex("Unschedulable: +false"), HasSubstr("Allocatable:"),
                    ContainsRegex("Ready +True"), HasSubstr("web-0"), HasSubstr("Lease:")));
  EXPECT_THAT(describe("ns/" + ns()), ContainsRegex("Status: +Active"));
  EXPECT_THAT(describe("cm/m"), HasSubstr("key:\n----\nvalue\n"));
  EXPECT_THAT(describe("secret/s"), ContainsRegex("key: +5 bytes"));
  EXPECT_THAT(describe("sa/default"), ContainsRegex("Name: +default"));
  EXPECT_THAT(describe("deployment/d"),
              AllOf(ContainsRegex("1 desired \\| 1 updated \\| 1 total \\| 1 available"),
                    ContainsRegex("NewReplicaSet: +d-[^ ]+ \\(1/1 replicas created\\)"),
                    HasSubstr("ScalingReplicaSet")));
  EXPECT_THAT(Say({"describe", "rs"}), ContainsRegex("Controlled By: +Deployment/d"));
  EXPECT_THAT(describe("pdb/b"), AllOf(ContainsRegex("Max unavailable: +1"),
                                       ContainsRegex("Allowed disruptions: +1")));
  EXPECT_THAT(Say({"describe", "endpointslices"}), ContainsRegex("TargetRef: +Pod/web-0"));
  EXPECT_THAT(Say({"describe", "controllerrevision"}), ContainsRegex("Kind: +ControllerRevision"));
}

TEST_F(Reads, EventsTellTheStory) {
  Deploy(1);
  EXPECT_THAT(Say({"events"}), AllOf(HasSubstr("SuccessfulCreate"), HasSubstr("StatefulSet/web"),
                                     HasSubstr("Scheduled"), HasSubstr("Pod/web-0")));
  EXPECT_THAT(Say({"events", "--for", "pod/web-0"}), HasSubstr("Started"));
  EXPECT_THAT(Say({"get", "events", "--sort-by=.metadata.creationTimestamp"}),
              ContainsRegex("LAST SEEN +TYPE +REASON +OBJECT +MESSAGE"));
}

TEST_F(Reads, ExplainsAndDiscovers) {
  const std::string partition =
      Say({"explain", "sts.spec.updateStrategy.rollingUpdate.partition"});
  EXPECT_THAT(partition, AllOf(HasSubstr("GROUP:      apps"), HasSubstr("KIND:       StatefulSet"),
                               HasSubstr("FIELD: partition <integer>")));
  EXPECT_THAT(partition, ContainsRegex("DESCRIPTION:\n +[A-Za-z].{20}"));
  EXPECT_THAT(Say({"explain", "pod.spec.containers"}),
              AllOf(HasSubstr("FIELD: containers <[]Container>"), HasSubstr("image\t<string>")));
  EXPECT_THAT(Say({"explain", "pvc", "--recursive"}), HasSubstr("storageClassName"));
  const std::string resources = Say({"api-resources"});
  for (const char* row :
       {"pods +po +v1 +true +Pod", "statefulsets +sts +apps/v1 +true +StatefulSet",
        "persistentvolumes +pv +v1 +false +PersistentVolume",
        "poddisruptionbudgets +pdb +policy/v1 +true +PodDisruptionBudget",
        "controllerrevisions +apps/v1 +true +ControllerRevision",
        "events +ev +events.k8s.io/v1 +true +Event"})
    EXPECT_THAT(resources, ContainsRegex(row));
  EXPECT_THAT(Say({"api-resources", "--namespaced=false", "-o", "name"}), HasSubstr("nodes\n"));
  EXPECT_THAT(Say({"api-versions"}), AllOf(HasSubstr("apps/v1\n"), HasSubstr("policy/v1\n")));
  EXPECT_EQ(Say({"auth", "can-i", "create", "statefulsets"}), "yes\n");
  EXPECT_THAT(Say({"version"}), HasSubstr("Server Version: v1.36.2"));
  EXPECT_THAT(Say({"cluster-info"}), HasSubstr("is running at"));
  EXPECT_EQ(Say({"get", "--raw", "/readyz"}), "ok");
  EXPECT_THAT(Say({"get", "--raw", "/readyz?verbose"}), HasSubstr("readyz check passed"));
  EXPECT_THAT(Say({"get", "priorityclasses"}), HasSubstr("system-node-critical"));
}

}  // namespace
}  // namespace holdfast
