// What a trace says, as sentences that mean the same on every cluster: names of incarnations in
// place of uids, R1, R2, ... in place of revision hashes, no times and no addresses.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_FACTS_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_FACTS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::recordings {

enum class FactKind { kOther, kAction, kCreated, kReady, kTerminating, kGone };

struct Fact {
  std::string family;  // "SS-ORD", ...; "EVENT" for what Events say, "ACTION" for what was asked.
  std::string text;
  // Facts of one chain happen in one order: a chain is one object's life or what one controller
  // decides about it.
  std::vector<std::string> chains = {};
  FactKind kind = FactKind::kOther;
  int64_t ordinal = -1;   // Of a pod of a StatefulSet.
  bool decision = false;  // The StatefulSet controller did this, and under a rule of order.
  bool awaited = true;    // An action that came later waits for it.
  std::string resource = {};  // Whose watch told it; "" for what is no watched object.
};

// Reads a trace line by line. Not thread-safe.
class FactReader {
 public:
  void Add(const Json& line);
  // In the order of the lines.
  [[nodiscard]] const std::vector<Fact>& Seen() const { return facts_; }
  // The target's status as a sentence, or "" when it is not at rest: the controller has seen the
  // newest spec, every replica is there and available, and nothing is terminating.
  [[nodiscard]] std::string Rest() const;
  // The newest state of an object that is there, or nullptr.
  [[nodiscard]] const Json* Find(const std::string& resource, const std::string& name) const;
  // "web-1#2", or for a pod of a ReplicaSet "R1/3"; "" for a uid that was not seen.
  [[nodiscard]] std::string SymbolOf(const std::string& uid) const;
  // The name of the living pod with that symbol, or "".
  [[nodiscard]] std::string PodNamed(const std::string& symbol) const;
  // Symbol of each living pod -> its node.
  [[nodiscard]] std::map<std::string, std::string> Places() const;
  [[nodiscard]] const Json& run() const { return run_; }

 private:
  struct PodState {
    bool anonymous = false;  // Of a ReplicaSet: its name is random, so it has none here.
    bool scheduled = false, running = false, ready = false, terminating = false, over = false;
    bool crash_loop = false, no_image = false, disrupted = false;
    int64_t restarts = 0;
    std::string owner;
    std::vector<std::string> claim_chains;
  };
  struct ClaimState {
    bool bound = false, terminating = false;
    std::string owners;
  };
  struct SetState {
    int64_t generation = 0;
    std::string revisions;
    bool terminating = false;
  };
  using Objects = std::map<std::string, Json>;

  Fact& Say(std::string family, std::string text, std::vector<std::string> chains);
  void OnAction(const Json& line);
  void OnActionResult(const Json& line);
  void OnWatch(const std::string& resource, const std::string& type, const Json& object);
  void OnPod(const std::string& type, const Json& pod);
  void OnPodCreated(const Json& pod, PodState& state);
  void OnPodStatus(const Json& pod, PodState& state);
  void OnPodEnd(const Json& pod, PodState& state, bool deleted);
  [[nodiscard]] bool IsDecision(const Json& pod) const;
  void OnSet(const std::string& type, const Json& set);
  void OnClaim(const std::string& type, const Json& claim);
  void OnVolume(const std::string& type, const Json& volume);
  void OnRevision(const std::string& type, const Json& revision);
  void OnBudget(const std::string& type, const Json& budget);
  void OnReplicaSet(const std::string& type, const Json& set);
  void OnSlice(const std::string& type, const Json& slice);
  void OnNode(const std::string& type, const Json& node);
  void OnEvent(const Json& event);
  // Gives an object its symbol at first sight, be it only of a reference to it: watches of different
  // resources overtake each other.
  std::string Symbol(const Json& object);
  std::string Refer(const std::string& kind, const std::string& name, const std::string& uid);
  std::string Revision(const std::string& hash);
  std::string ReplicaSet(const std::string& name);
  std::string Owners(const Json& object);
  [[nodiscard]] std::string PodText(const Json& pod, const PodState& state) const;
  [[nodiscard]] const Json* Target() const;

  std::vector<Fact> facts_;
  std::string resource_;  // Of the line being read.
  Json run_;
  std::map<std::string, Objects> objects_;  // resource -> name -> newest
  std::map<std::string, std::string> symbols_;
  std::map<std::string, int> incarnations_;  // "pods/web-1" -> how many
  std::map<std::string, std::string> revisions_;
  std::map<std::string, std::string> replica_sets_;  // name -> "R1"
  std::set<std::string> told_replica_sets_;
  std::map<std::string, PodState> pods_;
  std::map<std::string, ClaimState> claims_;
  std::map<std::string, SetState> sets_;
  std::map<std::string, int64_t> revision_numbers_;
  std::map<std::string, std::string> budgets_;
  std::map<std::string, std::string> volumes_;  // uid -> claim
  std::map<std::string, std::set<std::string>> endpoints_;
  std::map<std::string, std::set<std::string>> node_states_;
  std::set<std::string> events_;
  std::set<std::string> asked_to_go_;  // uids of pods that an action deletes or evicts
  std::set<std::string> going_;        // The same, once it was granted.
  struct Asked {
    size_t fact = 0;
    std::string pod = {};  // uid, when it is to go.
  };
  std::map<int64_t, Asked> actions_;
};

// The facts of a whole trace, in the order of the resource versions: watches of different resources
// overtake each other, so the order of the lines is not the order of the writes.
std::vector<Fact> FactsOf(const std::vector<Json>& lines);

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_FACTS_H_
