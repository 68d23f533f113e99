// Recordings altered at every pod, claim and line that an alteration fits: what is consistent in
// itself and breaks a promise fails by one of the guarantees named here, what contradicts itself is
// never green.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"

#include "tests/unit/check/recorded.h"

namespace holdfast::check {
namespace {

// The places of the events of one uid.
struct Places {
  std::string uid;
  std::string name;
  std::vector<size_t> at;
};

std::vector<Places> Lives(const Recording& recording, const std::string& resource) {
  std::vector<Places> lives;
  for (const size_t at : Events(recording, resource)) {
    const std::string uid = UidOf(recording.lines[at]);
    auto found = std::find_if(lives.begin(), lives.end(),
                              [&](const Places& life) { return life.uid == uid; });
    if (found == lives.end()) {
      lives.push_back({.uid = uid, .name = NameOf(recording.lines[at]), .at = {}});
      found = std::prev(lives.end());
    }
    found->at.push_back(at);
  }
  return lives;
}

std::string TypeOf(const Json& line) { return GetString(line, {"event", "type"}); }
const Json& Meta(const Json& line) { return GetObject(line, {"event", "object", "metadata"}); }

bool IsReady(const Json& line) {
  for (const Json& condition : GetArray(line, {"event", "object", "status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready") return GetString(condition, {"status"}) == "True";
  return false;
}

// What the line at `from` tells is told at the earlier place `to`; times and versions stay where they
// are.
void TellEarlier(Recording& recording, size_t from, size_t to) {
  std::vector<size_t> places;
  for (const size_t at : Events(recording, "pods"))
    if (at >= to && at <= from) places.push_back(at);
  for (size_t i = places.size() - 1; i > 0; --i)
    SwapTold(recording, places[i - 1], places[i]);
}

using Copies = std::vector<Recording>;
struct Kind {
  const char* name;
  std::vector<const char*> fails;  // One of these; none: only never green.
  std::function<Copies(const Recording& recording)> copies;
  // Places, of all recordings together, at which something else explains the altered record: a
  // change of the set that is younger than the controller's view may be.
  int open = 0;
};

// A life that is over in its middle, and goes on under another uid; nothing had asked for it.
Copies EndedUnasked(const Recording& recording) {
  Copies copies;
  for (const Places& life : Lives(recording, "pods")) {
    if (life.at.size() < 5 || Meta(recording.lines[life.at[4]]).contains("deletionTimestamp"))
      continue;
    Recording copy = recording;
    copy.lines[life.at[2]].Edit()["event"]["type"] = "DELETED";
    copy.lines[life.at[3]].Edit()["event"]["type"] = "ADDED";
    for (size_t i = 3; i < life.at.size(); ++i) {
      Json& meta = ObjectOf(copy.lines[life.at[i]])["metadata"];
      meta["uid"] = "another-uid";
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

Copies ActionRemoved(const Recording& recording) {
  Copies copies;
  for (const Line& line : recording.lines) {
    const Json& action = line;
    if (GetString(action, {"kind"}) != "action" || GetString(action, {"verb"}) != "delete" ||
        GetString(action, {"resource"}) != "pods")
      continue;
    const int64_t id = GetInt(action, {"id"});
    Recording copy = recording;
    std::erase_if(copy.lines, [&](const Line& other) {
      const Json& json = other;
      return GetString(json, {"kind"}).starts_with("action") && GetInt(json, {"id"}, -1) == id;
    });
    copies.push_back(std::move(copy));
  }
  return copies;
}

std::string SetOf(const Places& life) { return life.name.substr(0, life.name.rfind('-')); }

// The creation of a pod is told before its predecessor was first Ready.
Copies CreatedTooEarly(const Recording& recording) {
  Copies copies;
  if (!IsOrdered(recording)) return copies;
  const std::vector<Places> lives = Lives(recording, "pods");
  for (size_t i = 1; i < lives.size(); ++i) {
    const Places& lower = lives[i - 1];
    const size_t added = lives[i].at.front();
    if (SetOf(lives[i]) != SetOf(lower) || lower.name >= lives[i].name) continue;
    const auto ready = std::find_if(lower.at.begin(), lower.at.end(),
                                    [&](size_t at) { return IsReady(recording.lines[at]); });
    if (ready == lower.at.end() || *ready > added) continue;
    Recording copy = recording;
    TellEarlier(copy, added, *ready);
    copies.push_back(std::move(copy));
  }
  return copies;
}

// Of a pod's lines before `end`, none says that it is Ready; nullopt when none did.
std::optional<Recording> NeverReadyBefore(const Recording& recording,
                                          const Places& life,
                                          size_t end) {
  Recording copy = recording;
  bool removed = false;
  for (const size_t at : life.at) {
    if (at >= end || !IsReady(recording.lines[at])) continue;
    for (Json& condition : ObjectOf(copy.lines[at])["status"]["conditions"])
      if (condition["type"] == Json("Ready")) condition["status"] = "False";
    removed = true;
  }
  return removed ? std::optional(std::move(copy)) : std::nullopt;
}

// Before a pod is created for the first time, its predecessor is never Ready.
Copies PredecessorNotReady(const Recording& recording) {
  Copies copies;
  if (!IsOrdered(recording)) return copies;
  const std::vector<Places> lives = Lives(recording, "pods");
  std::set<std::string> known;
  for (size_t i = 0; i < lives.size(); ++i) {
    if (!known.insert(lives[i].name).second || i == 0 || SetOf(lives[i - 1]) != SetOf(lives[i]) ||
        lives[i - 1].name >= lives[i].name)
      continue;
    if (auto copy = NeverReadyBefore(recording, lives[i - 1], lives[i].at.front()))
      copies.push_back(*std::move(copy));
  }
  return copies;
}

// The claims that two pods name exchanged, for every pair of pods.
Copies ClaimNamesExchanged(const Recording& recording) {
  std::set<std::string> names;
  for (const Places& life : Lives(recording, "pods"))
    names.insert(life.name);
  Copies copies;
  for (auto a = names.begin(); a != names.end(); ++a) {
    for (auto b = std::next(a); b != names.end(); ++b) {
      Recording copy = recording;
      bool changed = false;
      for (const size_t at : Events(recording, "pods")) {
        for (Json& volume : ObjectOf(copy.lines[at])["spec"]["volumes"]) {
          if (!volume.contains("persistentVolumeClaim")) continue;
          Json& claim = volume["persistentVolumeClaim"]["claimName"];
          const std::string name = claim.get<std::string>();
          if (name.ends_with("-" + *a)) claim = name.substr(0, name.size() - a->size()) + *b;
          if (name.ends_with("-" + *b)) claim = name.substr(0, name.size() - b->size()) + *a;
          changed = changed || claim != Json(name);
        }
      }
      if (changed) copies.push_back(std::move(copy));
    }
  }
  return copies;
}

std::vector<Places> BoundClaims(const Recording& recording) {
  std::vector<Places> claims = Lives(recording, "persistentvolumeclaims");
  std::erase_if(claims, [&](const Places& claim) {
    return TypeOf(recording.lines[claim.at.back()]) == "DELETED" ||
           GetString(recording.lines[claim.at.back()], {"event", "object", "spec", "volumeName"})
               .empty();
  });
  return claims;
}

// The claim's uid changes at its last event, without an end and a beginning.
Copies ClaimChangesUid(const Recording& recording) {
  Copies copies;
  for (const Places& claim : BoundClaims(recording)) {
    Recording copy = recording;
    ObjectOf(copy.lines[claim.at.back()])["metadata"]["uid"] = "another-claim";
    copies.push_back(std::move(copy));
  }
  return copies;
}

Copies TwoClaimsOneVolume(const Recording& recording) {
  Copies copies;
  const std::vector<Places> claims = BoundClaims(recording);
  for (size_t i = 1; i < claims.size(); ++i) {
    const std::string volume = GetString(recording.lines[claims[i - 1].at.back()],
                                         {"event", "object", "spec", "volumeName"});
    Recording copy = recording;
    for (const size_t at : claims[i].at) {
      Json& spec = ObjectOf(copy.lines[at])["spec"];
      if (spec.contains("volumeName")) spec["volumeName"] = volume;
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

// Uids, and the volumes' names with them, exchanged in what the claims tell, not in the volumes.
Copies ClaimUidsExchanged(const Recording& recording) {
  Copies copies;
  const std::vector<Places> claims = BoundClaims(recording);
  for (size_t i = 1; i < claims.size(); ++i) {
    Recording copy = recording;
    Recording told{.name = "", .lines = {}, .fails = {}};
    const std::vector<size_t> places = Events(copy, "persistentvolumeclaims");
    for (const size_t at : places)
      told.lines.push_back(copy.lines[at]);
    Exchange(told, claims[i - 1].uid, claims[i].uid);
    for (size_t j = 0; j < places.size(); ++j)
      copy.lines[places[j]] = told.lines[j];
    copies.push_back(std::move(copy));
  }
  return copies;
}

// A pod at another revision of the record, with what that revision's template says.
Copies RevisionExchanged(const Recording& recording) {
  std::map<std::string, Json> templates;
  for (const size_t at : Events(recording, "controllerrevisions"))
    templates[NameOf(recording.lines[at])] =
        GetArray(recording.lines[at],
                 {"event", "object", "data", "spec", "template", "spec", "containers"});
  Copies copies;
  if (templates.size() < 2) return copies;
  for (const Places& life : Lives(recording, "pods")) {
    const std::string own = GetString(Meta(recording.lines[life.at[0]]),
                                      {"labels", "controller-revision-hash"});
    const auto& [other, containers] =
        templates.begin()->first == own ? *templates.rbegin() : *templates.begin();
    Recording copy = recording;
    for (const size_t at : life.at) {
      Json& pod = ObjectOf(copy.lines[at]);
      pod["metadata"]["labels"]["controller-revision-hash"] = other;
      for (Json& container : pod["spec"]["containers"]) {
        for (const Json& as : containers) {
          if (as["name"] != container["name"]) continue;
          for (const char* field : {"image", "command", "args"})
            if (as.contains(field)) container[field] = as[field];
        }
      }
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

Copies MinReadyRaised(const Recording& recording) {
  Recording copy = recording;
  for (Line& line : copy.lines)
    if (IsEvent(line, "statefulsets")) ObjectOf(line)["spec"]["minReadySeconds"] = 600;
  return {copy};
}

Copies WitnessInterleaved(const Recording& recording) {
  Copies copies;
  for (size_t i = 0; i < recording.lines.size(); ++i) {
    const Json& file = recording.lines[i];
    if (GetString(file, {"kind"}) != "volume-file") continue;
    const Json& lines = GetArray(file, {"lines"});
    std::vector<std::string> uids;
    for (const Json& line : lines)
      uids.push_back(Split(line.get<std::string>(), ' ').at(2));
    if (uids.empty() || uids.front() == uids.back()) continue;
    Recording copy = recording;
    std::string first = lines.front().get<std::string>();
    copy.lines[i].Edit()["lines"].push_back("beat" + first.substr(first.find(' ')));
    copies.push_back(std::move(copy));
  }
  return copies;
}

std::string Moved(const std::string& stamp, int64_t seconds) {
  const auto at = ParseRfc3339(stamp);
  return at ? FormatRfc3339(*at + std::chrono::seconds(seconds)) : stamp;
}

// A stamp of one object moved by ten minutes in all its lines; `field` is a JSON pointer, of
// conditions the last transition of Ready.
std::function<Copies(const Recording&)> StampMoved(const char* resource, const char* field) {
  return [=](const Recording& recording) {
    Copies copies;
    const Json::json_pointer pointer(field);
    for (const Places& life : Lives(recording, resource)) {
      if (TypeOf(recording.lines[life.at[0]]) != "ADDED") continue;
      for (const int64_t seconds : {-600, 600}) {
        Recording copy = recording;
        bool moved = false;
        for (const size_t at : life.at) {
          Json& object = ObjectOf(copy.lines[at]);
          if (!object.contains(pointer)) continue;
          Json& value = object[pointer];
          if (value.is_string()) {
            value = Moved(value.get<std::string>(), seconds);
            moved = true;
            continue;
          }
          for (Json& condition : value) {
            if (condition["type"] != Json("Ready") || condition["status"] != Json("True")) continue;
            condition["lastTransitionTime"] =
                Moved(GetString(condition, {"lastTransitionTime"}), seconds);
            moved = true;
          }
        }
        if (moved) copies.push_back(std::move(copy));
      }
    }
    return copies;
  };
}

// Two neighbours of one resource exchange versions, or places with their times, at seeded places.
std::function<Copies(const Recording&)> Neighbours(bool versions) {
  return [=](const Recording& recording) {
    Copies copies;
    Random random(17);
    for (const char* resource : {"pods", "statefulsets", "persistentvolumeclaims"}) {
      const std::vector<size_t> places = Events(recording, resource);
      for (int i = 0; i < 3 && places.size() > 3; ++i) {
        const size_t k = random.Below(places.size() - 1);
        Recording copy = recording;
        Line& a = copy.lines[places[k]];
        Line& b = copy.lines[places[k + 1]];
        if (versions) {
          std::swap(ObjectOf(a)["metadata"]["resourceVersion"],
                    ObjectOf(b)["metadata"]["resourceVersion"]);
        } else {
          std::swap(a.Edit()["t"], b.Edit()["t"]);
          std::swap(a, b);
        }
        copies.push_back(std::move(copy));
      }
    }
    return copies;
  };
}

// From some line on the record's own clock is an hour ahead; stamps in objects stay.
Copies LaterPartMoved(const Recording& recording) {
  Copies copies;
  constexpr double kHour = 3600;
  for (const size_t quarter : {1U, 2U, 3U}) {
    Recording copy = recording;
    for (size_t i = recording.lines.size() * quarter / 4; i < copy.lines.size(); ++i) {
      Json& line = copy.lines[i].Edit();
      line["t"] = line["t"].get<double>() + kHour;
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

Copies RefusalGranted(const Recording& recording) {
  Copies copies;
  for (size_t i = 0; i < recording.lines.size(); ++i) {
    const Json& line = recording.lines[i];
    if (GetString(line, {"kind"}) != "action-result" || GetInt(line, {"status"}) != 429) continue;
    Recording copy = recording;
    Json& result = copy.lines[i].Edit();
    result["ok"] = true;
    result["status"] = 201;
    result.erase("reason");
    result.erase("message");
    copies.push_back(std::move(copy));
  }
  return copies;
}

// The last word on the set counts one pod more or less.
Copies LastCountWrong(const Recording& recording) {
  Copies copies;
  const std::vector<size_t> sets = Events(recording, "statefulsets");
  if (sets.empty() || TypeOf(recording.lines[sets.back()]) == "DELETED") return copies;
  for (const char* counter : {"replicas", "readyReplicas", "availableReplicas", "updatedReplicas",
                              "currentReplicas"}) {
    for (const int by : {-1, 1}) {
      const int64_t count =
          GetInt(recording.lines[sets.back()], {"event", "object", "status", counter});
      if (count + by < 0) continue;
      Recording copy = recording;
      ObjectOf(copy.lines[sets.back()])["status"][counter] = count + by;
      copies.push_back(std::move(copy));
    }
  }
  return copies;
}

std::vector<Kind> Kinds() {
  return {
      {"ended unasked", {"SS-ID-3", "SS-UPD-1", "SS-UPD-3"}, EndedUnasked, 1},
      {"action removed", {"SS-ID-3", "SS-UPD-3"}, ActionRemoved},
      {"created too early", {"SS-ORD-2"}, CreatedTooEarly},
      {"predecessor not ready", {"SS-ORD-2"}, PredecessorNotReady},
      {"claims of pods exchanged", {"SS-ID-7"}, ClaimNamesExchanged},
      {"claim changes its uid", {"SS-PVC-2"}, ClaimChangesUid},
      {"two claims, one volume", {"SS-PVC-4", "SS-PVC-2"}, TwoClaimsOneVolume},
      {"uids of claims exchanged", {"SS-PVC-4", "SS-PVC-2"}, ClaimUidsExchanged},
      {"revision exchanged",
       {"SS-UPD-6", "SS-ID-4", "SS-UPD-1", "SS-UPD-4", "SS-ID-3"},
       RevisionExchanged,
       1},
      {"minReadySeconds raised", {"SS-ORD-3", "SS-UPD-11"}, MinReadyRaised},
      {"witness interleaved", {"SS-AMO-2"}, WitnessInterleaved},
      {"a pod's creation moved", {}, StampMoved("pods", "/metadata/creationTimestamp")},
      {"a pod's deletion moved", {}, StampMoved("pods", "/metadata/deletionTimestamp")},
      {"a readiness moved", {}, StampMoved("pods", "/status/conditions")},
      {"a claim's creation moved",
       {},
       StampMoved("persistentvolumeclaims", "/metadata/creationTimestamp")},
      {"versions of neighbours exchanged", {}, Neighbours(true)},
      {"neighbours exchanged with their times", {}, Neighbours(false)},
      {"later part moved by an hour", {}, LaterPartMoved},
      {"refusal told as granted", {}, RefusalGranted},
      {"last count wrong", {}, LastCountWrong},
  };
}

TEST(Mutations, EveryPlaceOfEveryKind) {
  std::map<std::string, int> tried;
  std::map<std::string, std::vector<std::string>> open;
  for (const Recording& recording : Recordings()) {
    const Verdicts before = CheckTrace(recording.Text());
    for (const Kind& kind : Kinds()) {
      for (const Recording& copy : kind.copies(recording)) {
        const int number = tried[kind.name]++;
        const Verdicts verdicts = CheckTrace(copy.Text());
        const bool by_one = std::any_of(kind.fails.begin(), kind.fails.end(), [&](const char* id) {
          return Find(verdicts, id, "trace").verdict == Verdict::kFail;
        });
        // What failed before the alteration fails after it.
        const bool green = before.exit == 0 && verdicts.exit == 0;
        if (green || !(by_one || kind.fails.empty())) {
          open[kind.name].push_back(fmt::format("{} {}{}", recording.name, number,
                                                green ? " is green" : Failures(verdicts)));
        }
      }
    }
  }
  for (const Kind& kind : Kinds())
    EXPECT_LE(open[kind.name].size(), static_cast<size_t>(kind.open))
        << kind.name << ": " << Join(open[kind.name], "\n");
  for (const auto& [name, count] : tried)
    std::printf("%-40s %d copies\n", name.c_str(), count);
  EXPECT_GE(tried.size(), 10U);
}

}  // namespace
}  // namespace holdfast::check
