// Recordings of a real cluster, altered in one way each. An alteration that contradicts the rest of
// the record must never come out green; one that is consistent in itself but breaks a guarantee must
// be a failure of the guarantee named here.
//
// What often cannot be proven: a dropped line of the middle of a life. Resource versions come from
// one counter for all objects of the cluster, most of which nobody watches, so a missing number says
// nothing. Whoever needs the fact that the line told (a readiness, a deletion, a creation) misses it;
// what only that line told is not judged. The last test counts both sorts.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "tests/unit/check/recorded.h"

namespace holdfast::check {
namespace {

bool OnCreation(Recording& recording, const std::function<void(Json& pod)>& edit) {
  const auto two = TwoCreations(recording);
  if (!two) return false;
  const std::string uid = UidOf(recording.lines[two->second]);
  for (Line& line : recording.lines)
    if (IsEvent(line, "pods") && UidOf(line) == uid) edit(ObjectOf(line));
  return true;
}

std::vector<Alteration> ConsistentOnes() {
  return {
      {"claims exchanged", "SS-ID-7",
       [](Recording& recording) {
         const auto two = TwoCreations(recording);
         if (!two) return false;
         const std::string a = "data-" + NameOf(recording.lines[two->first]);
         const std::string b = "data-" + NameOf(recording.lines[two->second]);
         for (Line& line : recording.lines) {
           if (!IsEvent(line, "pods")) continue;
           for (Json& volume : ObjectOf(line)["spec"]["volumes"]) {
             if (!volume.contains("persistentVolumeClaim")) continue;
             Json& claim = volume["persistentVolumeClaim"]["claimName"];
             if (claim == Json(a)) {
               claim = b;
             } else if (claim == Json(b)) {
               claim = a;
             }
           }
         }
         return true;
       }},
      {"volume of a claim changed", "SS-PVC-2",
       [](Recording& recording) {
         bool bound = false;
         std::string uid;
         bool changed = false;
         for (const size_t at : Events(recording, "persistentvolumeclaims")) {
           const Json& told = recording.lines[at];
           if (uid.empty() && GetString(told, {"event", "object", "status", "phase"}) == "Bound") {
             uid = UidOf(recording.lines[at]);
             Line late = recording.lines[at];
             const size_t end = recording.lines.size() - 1;
             late.Edit()["t"] = static_cast<const Json&>(recording.lines[end]).at("t");
             ObjectOf(late)["metadata"]["resourceVersion"] = "99999999";
             ObjectOf(late)["spec"]["volumeName"] = "pvc-of-somebody-else";
             late.Edit()["event"]["type"] = "MODIFIED";
             recording.lines.insert(recording.lines.begin() + static_cast<std::ptrdiff_t>(end),
                                    late);
             bound = true;
             break;
           }
         }
         for (const size_t at : Events(recording, "persistentvolumeclaims", "DELETED"))
           changed = changed || UidOf(recording.lines[at]) == uid;
         return bound && !changed;
       }},
      {"index label changed", "SS-ID-4",
       [](Recording& recording) {
         return OnCreation(recording, [](Json& pod) {
           pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = "42";
         });
       }},
      {"revision unknown", "SS-ID-4",
       [](Recording& recording) {
         return OnCreation(recording, [](Json& pod) {
           pod["metadata"]["labels"]["controller-revision-hash"] = "web-0000000000";
         });
       }},
      {"owner removed", "SS-ID-6",
       [](Recording& recording) {
         return OnCreation(recording, [](Json& pod) { pod["metadata"].erase("ownerReferences"); });
       }},
      {"owner of another uid", "SS-ID-6",
       [](Recording& recording) {
         return OnCreation(recording, [](Json& pod) {
           pod["metadata"]["ownerReferences"][0]["uid"] = "00000000-0000-0000-0000-000000000000";
         });
       }},
      {"hostname changed", "SS-ID-5",
       [](Recording& recording) {
         return OnCreation(recording, [](Json& pod) { pod["spec"]["hostname"] = "web-9"; });
       }},
      {"image changed", "SS-ID-8",
       [](Recording& recording) {
         // The excerpts leave the templates out.
         for (const size_t at : Events(recording, "controllerrevisions")) {
           const Json& line = recording.lines[at];
           if (GetObject(line, {"event", "object", "data"}).empty()) return false;
         }
         return OnCreation(recording, [](Json& pod) {
           for (Json& container : pod["spec"]["containers"])
             container["image"] = "registry.test/other:9";
         });
       }},
      {"readiness of the first pod removed", "SS-ORD-2",
       [](Recording& recording) {
         const auto two = TwoCreations(recording);
         if (!two || !IsOrdered(recording)) return false;
         const std::string uid = UidOf(recording.lines[two->first]);
         for (size_t i = 0; i < two->second; ++i) {
           if (!IsEvent(recording.lines[i], "pods") || UidOf(recording.lines[i]) != uid) continue;
           for (Json& condition : ObjectOf(recording.lines[i])["status"]["conditions"])
             if (condition["type"] == Json("Ready")) condition["status"] = "False";
         }
         return true;
       }},
      {"counter of the status raised", "SS-STAT-2",
       [](Recording& recording) {
         const auto sets = Events(recording, "statefulsets", "MODIFIED");
         if (sets.empty()) return false;
         ObjectOf(recording.lines[sets.back()])["status"]["readyReplicas"] = 77;
         return true;
       }},
      {"a status from the future", "SS-STAT-1",
       [](Recording& recording) {
         const auto sets = Events(recording, "statefulsets", "MODIFIED");
         if (sets.empty()) return false;
         ObjectOf(recording.lines[sets.back()])["status"]["observedGeneration"] = 99;
         return true;
       }},
  };
}

std::vector<Alteration> Contradictions() {
  return {
      {"events of one resource reordered", "",
       [](Recording& recording) {
         const auto pods = Events(recording, "pods");
         if (pods.size() < 4) return false;
         std::swap(recording.lines[pods[1]], recording.lines[pods[2]]);
         return true;
       }},
      {"uids exchanged in one event", "",
       [](Recording& recording) {
         const auto two = TwoCreations(recording);
         if (!two) return false;
         const std::string other = UidOf(recording.lines[two->first]);
         const std::string name = NameOf(recording.lines[two->second]);
         for (const size_t at : Events(recording, "pods", "MODIFIED", name)) {
           ObjectOf(recording.lines[at])["metadata"]["uid"] = other;
           return true;
         }
         return false;
       }},
      {"a version goes back", "",
       [](Recording& recording) {
         const auto pods = Events(recording, "pods");
         ObjectOf(recording.lines[pods.at(3)])["metadata"]["resourceVersion"] = "1";
         return true;
       }},
      {"a change without a change of version", "",
       [](Recording& recording) {
         const auto pods = Events(recording, "pods");
         ObjectOf(recording.lines[pods.at(3)])["metadata"]["resourceVersion"] = GetString(
             recording.lines[pods.at(2)], {"event", "object", "metadata", "resourceVersion"});
         return true;
       }},
      {"a line repeated", "",
       [](Recording& recording) {
         const size_t at = Events(recording, "pods").at(2);
         recording.lines.insert(recording.lines.begin() + static_cast<std::ptrdiff_t>(at),
                                Line(recording.lines[at]));
         return true;
       }},
      {"a pod changes after it was deleted", "",
       [](Recording& recording) {
         const auto gone = Events(recording, "pods", "DELETED");
         const auto changed = Events(recording, "pods", "MODIFIED");
         if (gone.empty()) return false;
         for (const size_t at : changed) {
           if (at < gone[0] || UidOf(recording.lines[at]) == UidOf(recording.lines[gone[0]]))
             continue;
           const std::string version =
               GetString(recording.lines[at], {"event", "object", "metadata", "resourceVersion"});
           ObjectOf(recording.lines[at]) = static_cast<const Json&>(recording.lines[gone[0]]).at("event").at("object");
           ObjectOf(recording.lines[at])["metadata"]["resourceVersion"] = version;
           return true;
         }
         return false;
       }},
      {"a deletion behind the new creation", "",
       [](Recording& recording) {
         for (const size_t gone : Events(recording, "pods", "DELETED"))
           for (const size_t added :
                Events(recording, "pods", "ADDED", NameOf(recording.lines[gone]))) {
             if (added < gone) continue;
             SwapTold(recording, gone, added);
             return true;
           }
         return false;
       }},
      {"times run backwards", "",
       [](Recording& recording) {
         recording.lines[recording.lines.size() / 2].Edit()["t"] = 0.001;
         return true;
       }},
      {"a creation missing", "",
       [](Recording& recording) {
         Erase(recording, Events(recording, "pods", "ADDED").at(0));
         return true;
       }},
      {"a deletion missing", "",
       [](Recording& recording) {
         for (const size_t gone : Events(recording, "pods", "DELETED")) {
           const auto added = Events(recording, "pods", "ADDED", NameOf(recording.lines[gone]));
           if (added.empty() || added.back() < gone) continue;
           Erase(recording, gone);
           return true;
         }
         return false;
       }},
      {"a watch never opened", "",
       [](Recording& recording) {
         for (size_t i = 0; i < recording.lines.size(); ++i) {
           if (GetString(recording.lines[i], {"kind"}) != "watch-open" ||
               GetString(recording.lines[i], {"resource"}) != "pods")
             continue;
           Erase(recording, i);
           return true;
         }
         return false;
       }},
      {"the end missing", "",
       [](Recording& recording) {
         recording.lines.pop_back();
         return true;
       }},
      {"added a second time", "",
       [](Recording& recording) {
         for (const size_t at : Events(recording, "pods", "MODIFIED")) {
           recording.lines[at].Edit()["event"]["type"] = "ADDED";
           return true;
         }
         return false;
       }},
      {"another creation time", "",
       [](Recording& recording) {
         const size_t at = Events(recording, "pods", "MODIFIED").at(0);
         ObjectOf(recording.lines[at])["metadata"]["creationTimestamp"] = "2026-11-20T00:00:00Z";
         return true;
       }},
      {"Ready before it started", "",
       [](Recording& recording) {
         const size_t at = Events(recording, "pods", "ADDED").at(0);
         ObjectOf(recording.lines[at])["status"]["conditions"] =
             Json::array({{{"type", "Ready"}, {"status", "True"}}});
         return true;
       }},
      {"an answer without its action", "",
       [](Recording& recording) {
         for (size_t i = 0; i < recording.lines.size(); ++i) {
           if (GetString(recording.lines[i], {"kind"}) != "action") continue;
           Erase(recording, i);
           return true;
         }
         return false;
       }},
  };
}

TEST(Mutations, AConsistentAlterationFailsByTheRightGuarantee) {
  std::map<std::string, int> tried;
  for (const Recording& original : Recordings()) {
    for (const Alteration& alteration : ConsistentOnes()) {
      Recording copy = original;
      if (!alteration.apply(copy)) continue;
      ++tried[alteration.name];
      const Verdicts verdicts = CheckTrace(copy.Text());
      EXPECT_EQ(verdicts.exit, 1) << original.name << ", " << alteration.name;
      EXPECT_EQ(Find(verdicts, alteration.fails, "trace").verdict, Verdict::kFail)
          << original.name << ", " << alteration.name << Failures(verdicts);
    }
  }
  EXPECT_GE(tried.size(), ConsistentOnes().size() - 1);
}

TEST(Mutations, AContradictionIsNeverGreen) {
  std::map<std::string, int> tried;
  for (const Recording& original : Recordings()) {
    for (const Alteration& alteration : Contradictions()) {
      Recording copy = original;
      if (!alteration.apply(copy)) continue;
      ++tried[alteration.name];
      const Verdicts verdicts = CheckTrace(copy.Text());
      EXPECT_TRUE(verdicts.exit == 1 || verdicts.exit == 3)
          << original.name << ", " << alteration.name << ": " << verdicts.reason;
    }
  }
  EXPECT_GE(tried.size(), Contradictions().size() - 4);
}

// Uids of two pods exchanged everywhere: nothing contradicts, so nothing may change.
TEST(Mutations, AConsistentRenamingChangesNothing) {
  for (const Recording& original : Recordings()) {
    const auto two = TwoCreations(original);
    if (!two) continue;
    Recording copy = original;
    Exchange(copy, UidOf(original.lines[two->first]), UidOf(original.lines[two->second]));
    const Verdicts before = CheckTrace(original.Text());
    const Verdicts after = CheckTrace(copy.Text());
    ASSERT_EQ(before.checks.size(), after.checks.size());
    for (size_t i = 0; i < before.checks.size(); ++i)
      EXPECT_EQ(before.checks[i].verdict, after.checks[i].verdict)
          << original.name << " " << before.checks[i].id << ": " << after.checks[i].reason;
  }
}

// Every dropped line of a pod either leaves its mark or told nothing that a guarantee needs; it
// never turns a failure into a pass.
TEST(Mutations, ADroppedLineNeverHidesAFailure) {
  int marked = 0;
  int harmless = 0;
  for (const Recording& original : Recordings()) {
    const Verdicts before = CheckTrace(original.Text());
    const std::vector<size_t> pods = Events(original, "pods");
    for (size_t i = 0; i < pods.size(); i += 23) {
      Recording copy = original;
      Erase(copy, pods[i]);
      const Verdicts after = CheckTrace(copy.Text());
      (after.exit == before.exit ? harmless : marked) += 1;
      if (before.exit == 1) {
        EXPECT_NE(after.exit, 0) << original.name << " line " << pods[i] + 1;
      }
    }
  }
  EXPECT_GT(marked, 0);
  RecordProperty("drops_marked", marked);
  RecordProperty("drops_harmless", harmless);
}

}  // namespace
}  // namespace holdfast::check
