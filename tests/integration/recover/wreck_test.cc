// What `holdfast recover` makes of journals that are not as they should be: of another cluster, torn,
// edited, of a node that is gone; each is explained, and none keeps the others from being undone.
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJournals = "holdfast-journal";

struct Wreck : testing::Test {
  KeptSandbox& sandbox = KeptSandbox::Get();
  fs::path state = sandbox.NewFolder() / "state";
  std::string before = sandbox.Found();

  std::string Uid() {
    const auto system = sandbox.client().Get({kube::resources::kNamespaces, "", "kube-system"});
    return GetString(system.value(), {"metadata", "uid"});
  }
  std::string NodeName() {
    const auto nodes = sandbox.client().List(kube::resources::kNodes, "", {});
    return GetString(nodes.value().items.at(0), {"metadata", "name"});
  }
  void SetCordoned(const std::string& node, const Json& value) {
    ASSERT_TRUE(sandbox.client().Patch({kube::resources::kNodes, "", node}, kube::PatchType::kMerge,
                                       {{"spec", {{"unschedulable", value}}}}, "", ""));
  }
  bool IsCordoned(const std::string& node) {
    const auto now = sandbox.client().Get({kube::resources::kNodes, "", node});
    return GetBool(now.value(), {"spec", "unschedulable"});
  }
  static std::string Header(const std::string& run, const std::string& uid) {
    return DumpJson({{"format", "holdfast-journal/1"},
                     {"run", run},
                     {"runner", "elsewhere_boot_1_1_1"},
                     {"kubeconfig", ""},
                     {"cluster",
                      {{"context", "production"}, {"server", "https://there:6443"}, {"uid", uid}}}}) +
           "\n";
  }
  static std::string Cordon(const std::string& node, const std::string& uid = "") {
    return DumpJson({{"id", 1},
                     {"change", "cordon"},
                     {"fields", {{"object", {{"kind", "Node"}, {"name", node}, {"uid", uid}}}}}}) +
           "\n";
  }
  void Write(const std::string& run, const std::string& text) {
    ASSERT_TRUE(MakeDirectories(state / "journal"));
    ASSERT_TRUE(WriteFileAtomic(state / "journal" / (run + ".jsonl"), text));
  }
  ProcessResult Recover(const std::vector<std::string>& more = {}) {
    std::vector<std::string> command{"recover", "--kubeconfig", sandbox.Kubeconfig()};
    command.insert(command.end(), more.begin(), more.end());
    return sandbox.Holdfast(command, {"HOLDFAST_STATE=" + state.string()});
  }
};

void ExpectSays(const ProcessResult& result, int exit_code, const std::vector<std::string>& parts) {
  EXPECT_EQ(result.exit_code, exit_code) << result.out << result.err;
  for (const std::string& part : parts)
    EXPECT_NE((result.out + result.err).find(part), std::string::npos)
        << part << "\n" << result.out << result.err;
}

TEST_F(Wreck, AJournalOfAnotherClusterIsLeftAloneAndNamed) {
  const std::string node = NodeName();
  SetCordoned(node, true);
  Write("afar", Header("afar", "another-uid") + Cordon(node));
  ExpectSays(Recover(), 0, {"nothing was left behind"});
  EXPECT_TRUE(IsCordoned(node));
  ExpectSays(Recover({"--run", "afar"}), 2,
             {"run 'afar' was in another cluster: context 'production' at https://there:6443"});
  EXPECT_TRUE(IsCordoned(node));
  SetCordoned(node, nullptr);
  EXPECT_TRUE(fs::exists(state / "journal" / "afar.jsonl"));
}

TEST_F(Wreck, ATornLastLineIsSkippedAndADamagedFileKeepsNothingElseBack) {
  const std::string node = NodeName();
  SetCordoned(node, true);
  Write("torn", Header("torn", Uid()) + Cordon(node) + "{\"change\":\"taint\",\"fie");
  Write("damaged", Header("damaged", Uid()) + "not a line\n" + Cordon(node));
  ExpectSays(Recover(), 3, {"run torn: undoing cordon of Node " + node,
                            "damaged.jsonl:2: not a line of an undo journal", "1 change undone"});
  EXPECT_FALSE(IsCordoned(node));
  EXPECT_FALSE(fs::exists(state / "journal" / "torn.jsonl"));
  EXPECT_TRUE(fs::exists(state / "journal" / "damaged.jsonl"));
  // The one that is asked for is not the damaged one.
  ExpectSays(Recover({"--run", "torn"}), 2, {"no journal of run 'torn'"});
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Wreck, ANodeThatIsGoneOrAnotherOneNeedsNothing) {
  const std::string node = NodeName();
  SetCordoned(node, true);
  Write("gone", Header("gone", Uid()) + Cordon("node-that-was"));
  Write("other", Header("other", Uid()) + Cordon(node, "uid-of-an-older-machine"));
  ExpectSays(Recover(), 0, {"node node-that-was is not in the cluster any more",
                            "node " + node + " is another machine by now"});
  EXPECT_TRUE(IsCordoned(node));
  SetCordoned(node, nullptr);
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Wreck, ANamespaceOfSomebodyElseStays) {
  kube::Client& client = sandbox.client();
  const kube::ObjectRef ref{kube::resources::kNamespaces, "", "team-database"};
  ASSERT_TRUE(client.Create(kube::resources::kNamespaces, "",
                            {{"apiVersion", "v1"},
                             {"kind", "Namespace"},
                             {"metadata", {{"name", ref.name}}}}));
  Write("strange",
        Header("strange", Uid()) +
            DumpJson({{"id", 1},
                      {"change", "namespace"},
                      {"fields", {{"object", {{"kind", "Namespace"}, {"name", ref.name}}},
                                  {"made", {{"run", "strange"}}}}}}) +
            "\n");
  ExpectSays(Recover(), 0, {"namespace team-database has not the label"});
  EXPECT_TRUE(client.Get(ref));
  ASSERT_TRUE(client.Delete(ref, {}));
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  while (client.Get(ref) && !deadline.Passed())
    SystemClock().SleepFor(std::chrono::milliseconds(50), {});
}

TEST_F(Wreck, AnUnknownChangeIsToldAndTheRestIsUndone) {
  const std::string node = NodeName();
  SetCordoned(node, true);
  Write("newer", Header("newer", Uid()) + Cordon(node) +
                     "{\"id\":2,\"change\":\"firmware\",\"fields\":{\"object\":{\"name\":\"x\"}}}\n");
  ExpectSays(Recover(), 3, {"a change 'firmware' of 'x' that this holdfast does not know"});
  EXPECT_FALSE(IsCordoned(node));
  EXPECT_TRUE(fs::exists(state / "journal" / "newer.jsonl"));
}

TEST_F(Wreck, AnEditedJournalInTheClusterIsToldAndTheRestIsUndone) {
  const std::string node = NodeName();
  SetCordoned(node, true);
  kube::Client& client = sandbox.client();
  const Json labels{{"app.kubernetes.io/managed-by", "holdfast"}, {"holdfast.dev/run", "edited"}};
  ASSERT_TRUE(client.Create(
      kube::resources::kNamespaces, "",
      {{"apiVersion", "v1"},
       {"kind", "Namespace"},
       {"metadata",
        {{"name", kJournals}, {"labels", {{"app.kubernetes.io/managed-by", "holdfast"}}}}}}));
  ASSERT_TRUE(client.Create(
      kube::resources::kConfigMaps, kJournals,
      {{"apiVersion", "v1"},
       {"kind", "ConfigMap"},
       {"metadata", {{"name", "holdfast-edited"}, {"labels", labels}}},
       {"data", {{"change-000001", Cordon(node)}, {"change-000002", "no JSON"}}}}));
  ExpectSays(Recover(), 3, {"key 'change-000002' that is no line of an undo journal"});
  EXPECT_FALSE(IsCordoned(node));
  const kube::ObjectRef map{kube::resources::kConfigMaps, kJournals, "holdfast-edited"};
  ASSERT_TRUE(client.Patch(map, kube::PatchType::kMerge,
                           {{"data", {{"change-000002", nullptr}}}}, "", ""));
  ExpectSays(Recover(), 0, {"dead run"});
  EXPECT_EQ(sandbox.Found(), before);
}

TEST_F(Wreck, WithoutJournalsOnlyANamedClusterCanBeLookedInto) {
  ExpectSays(sandbox.Holdfast({"recover"}, {"HOLDFAST_STATE=" + state.string()}), 0,
             {"name it with --kubeconfig"});
  ExpectSays(sandbox.Holdfast({"recover", "--run", "nobody"}, {"HOLDFAST_STATE=" + state.string()}),
             2, {"no journal of run 'nobody'"});
}

}  // namespace
}  // namespace holdfast
