// kubectl writes: apply on either side, diff, patch, edit, label, and what it is told of them.
#include <gmock/gmock.h>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_kubectl/session.h"

namespace holdfast {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class Writes : public Session {};

TEST_F(Writes, ApplyFromTheClient) {
  EXPECT_EQ(Say({"apply", "-f", "-"}, Manifest(0)),
            "service/web created\nstatefulset.apps/web created\n");
  // kubectl takes the defaults inside volumeClaimTemplates for a difference and sends a patch, on
  // any cluster; it changes nothing.
  EXPECT_EQ(Say({"apply", "-f", "-"}, Manifest(0)),
            "service/web unchanged\nstatefulset.apps/web configured\n");
  EXPECT_EQ(Field("sts/web", ".metadata.generation"), "1");
  EXPECT_THAT(Say({"apply", "view-last-applied", "sts/web"}), HasSubstr("replicas: 0"));

  const std::string changed =
      ReplaceAll(Manifest(1), "labels: {app: web}}\nspec:\n  serviceName",
                 "labels: {tier: db}, annotations: {note: text}}\nspec:\n  serviceName");
  const ProcessResult diff = Kubectl({"diff", "-f", "-"}, changed);
  EXPECT_EQ(diff.exit_code, 1) << diff.err;
  EXPECT_THAT(diff.out, AllOf(HasSubstr("-  replicas: 0"), HasSubstr("+  replicas: 1"),
                              HasSubstr("-    app: web"), HasSubstr("+    tier: db")));
  EXPECT_EQ(Say({"apply", "--dry-run=server", "-f", "-"}, changed),
            "service/web unchanged (server dry run)\nstatefulset.apps/web configured (server dry "
            "run)\n");
  EXPECT_EQ(Field("sts/web", ".spec.replicas"), "0") << "a dry run changes nothing";
  EXPECT_EQ(Say({"apply", "-f", "-"}, changed),
            "service/web unchanged\nstatefulset.apps/web configured\n");
  EXPECT_EQ(Field("sts/web", ".metadata.labels"), R"({"tier":"db"})");
  EXPECT_EQ(Field("sts/web", ".metadata.annotations.note"), "text");
  EXPECT_EQ(Say({"diff", "-f", "-"}, changed), "") << "nothing differs any more";
}

TEST_F(Writes, MistakesInAManifestAreNamed) {
  EXPECT_THAT(Refused({"apply", "-f", "-"}, ReplaceAll(Manifest(0), "replicas: 0", "replica: 0")),
              HasSubstr("unknown field \"spec.replica\""));
  EXPECT_THAT(Refused({"apply", "-f", "-"}, ReplaceAll(Manifest(0), "replicas: 0", "replicas: -1")),
              AllOf(HasSubstr("The StatefulSet \"web\" is invalid"),
                    HasSubstr("spec.replicas: Invalid value: -1: must be greater than or equal to "
                              "0")));
  EXPECT_THAT(Refused({"create", "-f", "-"}, "apiVersion: v1\nkind: Gadget\nmetadata: {name: g}\n"),
              HasSubstr("no matches for kind \"Gadget\" in version \"v1\""));
  Say({"apply", "-f", "-"}, Manifest(0));
  EXPECT_THAT(Refused({"create", "-f", "-"}, Manifest(0)),
              HasSubstr("statefulsets.apps \"web\" already exists"));
  EXPECT_THAT(
      Refused({"patch", "sts/web", "-p", R"({"spec":{"serviceName":"other"}})"}),
      HasSubstr("updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                "'template', 'updateStrategy', 'revisionHistoryLimit', "
                "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
}

TEST_F(Writes, ApplyOnTheServer) {
  EXPECT_EQ(Say({"apply", "--server-side", "-f", "-"}, Manifest(0)),
            "service/web serverside-applied\nstatefulset.apps/web serverside-applied\n");
  Say({"apply", "--server-side", "-f", "-"}, Manifest(0));
  EXPECT_EQ(Field("sts/web", ".metadata.generation"), "1") << "nothing had changed";
  EXPECT_THAT(Say({"get", "sts/web", "-o", "yaml", "--show-managed-fields"}),
              AllOf(HasSubstr("manager: kubectl"), HasSubstr("operation: Apply"),
                    HasSubstr("f:replicas: {}")));
  EXPECT_THAT(Say({"get", "sts/web", "-o", "yaml"}), Not(HasSubstr("managedFields")));

  const std::string scaled = Manifest(1);
  const std::string conflict =
      Refused({"apply", "--server-side", "--field-manager=other", "-f", "-"}, scaled);
  EXPECT_THAT(conflict, AllOf(ContainsRegex("Apply failed with [12] conflict"),
                              ContainsRegex("conflicts? with \"kubectl\""),
                              HasSubstr(".spec.replicas")));
  EXPECT_EQ(Field("sts/web", ".spec.replicas"), "0");
  Say({"apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-"}, scaled);
  EXPECT_EQ(Field("sts/web", ".spec.replicas"), "1");
  // A field that its only owner no longer applies goes away.
  const std::string map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: '1', b: '2'}\n";
  Say({"apply", "--server-side", "-f", "-"}, map);
  Say({"apply", "--server-side", "-f", "-"}, ReplaceAll(map, ", b: '2'", ""));
  EXPECT_EQ(Field("cm/m", ".data"), R"({"a":"1"})");
}

TEST_F(Writes, PatchesOfEachType) {
  Say({"apply", "-f", "-"}, Manifest(0));
  const auto patch = [&](const char* type, const char* text) {
    return Say({"patch", "sts/web", "--type", type, "-p", text});
  };
  EXPECT_EQ(patch("merge", R"({"spec":{"replicas":0}})"),
            "statefulset.apps/web patched (no change)\n");
  EXPECT_EQ(patch("json", R"([{"op":"test","path":"/spec/replicas","value":0},
                              {"op":"add","path":"/metadata/labels/x","value":"y"}])"),
            "statefulset.apps/web patched\n");
  EXPECT_EQ(Field("sts/web", ".metadata.labels.x"), "y");
  EXPECT_THAT(Refused({"patch", "sts/web", "--type", "json", "-p",
                       R"([{"op":"test","path":"/spec/replicas","value":7}])"}),
              HasSubstr("The request is invalid: the server rejected our request due to an error in "
                        "our request"));
  patch("strategic", R"({"spec":{"template":{"spec":{"containers":[
      {"name":"side","image":"busybox:1","command":["sleep","1000"]}]}}}})");
  EXPECT_EQ(Field("sts/web", ".spec.template.spec.containers[*].name"), "side main");
  patch("strategic", R"({"spec":{"template":{"spec":{"containers":[
      {"name":"side","$patch":"delete"}]}}}})");
  EXPECT_EQ(Field("sts/web", ".spec.template.spec.containers[*].name"), "main");
  EXPECT_EQ(Say({"patch", "sts/web", "--subresource=scale", "--type=merge", "-p",
                 R"({"spec":{"replicas":0}})"}),
            "scale.autoscaling/web patched (no change)\n");
}

TEST_F(Writes, EditLabelAnnotateReplace) {
  Say({"apply", "-f", "-"}, Manifest(0));
  EXPECT_EQ(Say({"edit", "sts/web"}, "",
                {"KUBE_EDITOR=sed -i 's/revisionHistoryLimit: 10/revisionHistoryLimit: 3/'"}),
            "statefulset.apps/web edited\n");
  EXPECT_EQ(Field("sts/web", ".spec.revisionHistoryLimit"), "3");
  EXPECT_EQ(Say({"label", "sts/web", "a=b"}), "statefulset.apps/web labeled\n");
  EXPECT_THAT(Refused({"label", "sts/web", "a=c"}), HasSubstr("already has a value (b)"));
  EXPECT_EQ(Say({"label", "sts/web", "a=c", "--overwrite"}), "statefulset.apps/web labeled\n");
  EXPECT_EQ(Say({"get", "sts", "-l", "a in (c,d)", "-o", "name"}), "statefulset.apps/web\n");
  EXPECT_EQ(Say({"label", "sts/web", "a-"}), "statefulset.apps/web unlabeled\n");
  EXPECT_EQ(Say({"annotate", "svc/web", "k=v"}), "service/web annotated\n");
  EXPECT_EQ(Field("svc/web", ".metadata.annotations.k"), "v");
  Say({"create", "configmap", "m", "--from-literal=a=1"});
  const std::string text = Say({"get", "cm/m", "-o", "yaml"});
  EXPECT_EQ(Say({"replace", "-f", "-"}, ReplaceAll(text, "a: \"1\"", "a: \"2\"")),
            "configmap/m replaced\n");
  EXPECT_EQ(Field("cm/m", ".data.a"), "2");
  EXPECT_THAT(Refused({"replace", "-f", "-"}, text),
              HasSubstr("the object has been modified; please apply your changes to the latest "
                        "version and try again"));
}

TEST_F(Writes, CreatesWhatItHasGeneratorsFor) {
  EXPECT_EQ(Say({"create", "configmap", "m", "--from-literal=k=v"}), "configmap/m created\n");
  EXPECT_EQ(Say({"create", "secret", "generic", "s", "--from-literal=k=v"}), "secret/s created\n");
  EXPECT_EQ(Field("secret/s", ".data.k"), "dg==");
  EXPECT_EQ(Say({"create", "serviceaccount", "sa"}), "serviceaccount/sa created\n");
  EXPECT_EQ(Say({"create", "deployment", "d", "--image=busybox:1", "--replicas=0"}),
            "deployment.apps/d created\n");
  EXPECT_EQ(Say({"expose", "deployment", "d", "--port=80"}), "service/d exposed\n");
  EXPECT_THAT(Field("svc/d", ".spec.clusterIP"), ContainsRegex("^[0-9.]+$"));
  EXPECT_EQ(Say({"create", "poddisruptionbudget", "b", "--selector=app=web", "--min-available=1"}),
            "poddisruptionbudget.policy/b created\n");
  EXPECT_EQ(Say({"create", "role", "r", "--verb=get", "--resource=pods"}),
            "role.rbac.authorization.k8s.io/r created\n");
  EXPECT_EQ(Say({"create", "rolebinding", "rb", "--role=r", "--serviceaccount=" + ns() + ":sa"}),
            "rolebinding.rbac.authorization.k8s.io/rb created\n");
  EXPECT_EQ(Say({"create", "quota", "q", "--hard=pods=10"}), "resourcequota/q created\n");
  EXPECT_THAT(Say({"create", "token", "sa"}), ContainsRegex("^[^ ]+$"));
}

}  // namespace
}  // namespace holdfast
