// Turns watched objects into the states of a TraceModel, and notices where they contradict each
// other.
#ifndef HOLDFAST_HARNESS_TRACE_WATCH_MODEL_H_
#define HOLDFAST_HARNESS_TRACE_WATCH_MODEL_H_

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "harness/trace/pod_parts.h"
#include "harness/trace/trace_json.h"
#include "harness/trace/trace_model.h"

namespace holdfast::trace {

// Not thread-safe. `model` must outlive it.
class WatchModel {
 public:
  explicit WatchModel(TraceModel& model) : model_(model) {}
  void Open(const At& at, JsonView event);
  void Lost(const At& at, const std::string& resource);
  // Something between version `after` and here is missing, or was told twice: nothing that leans on
  // the order of the lines since then is proven.
  void Hole(const At& at,
            const std::string& resource,
            const std::string& after,
            const std::string& reason);
  // One "watch" event.
  void Add(const At& at, JsonView event);
  // Checks what can only be known at the end of the record.
  void Finish(const At& at);

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <typename Value>
  using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

  // What is known of one uid, whatever its kind.
  struct Known {
    std::string name;
    size_t life = SIZE_MAX;  // Index into the model's lives of the kind.
    std::string created;
    int64_t generation = 0;
    int64_t gone_line = 0;
    uint64_t print = 0;  // Of the part that seldom changes.
    uint64_t processes = 0;  // Of a pod: what its containers run, which no request can change.
  };
  enum class Kind {
    kOther,
    kPod,
    kTarget,
    kReplicaSet,
    kClaim,
    kVolume,
    kRevision,
    kSlice,
    kBudget,
    kNode,
    kAttachment,
    kService,
    kNote,
  };
  struct Stream {
    Kind kind = Kind::kOther;
    bool opened = false;
    std::string last_version;
    uint64_t last_number = 0;  // The same, or 0 when it is no number.
    int64_t expected = -1;  // Objects that the list after the opening must have; -1: not known.
    int64_t listed = 0;
    std::deque<At> recent;  // Where the newest versions stand.
    double told = 0;     // When the newest line came,
    double resumed = 0;  // and the first one after the last long silence.
    int64_t gap_line = 0;  // A gap whose new list is not complete yet.
    // Against what other watches had told before: events compared, and those with a version that is
    // older nevertheless; and the first that is older than what was told long before.
    int64_t compared = 0;
    int64_t older = 0;
    // The same by moments: all that comes at once is one.
    int64_t moments = 0;
    int64_t older_moments = 0;
    double compared_at = -1e9;
    double older_at = -1e9;
    At first_older;
    uint64_t than = 0;  // The version that it is older than; 0: there is none.
    ByText<Known> objects;
    ByText<std::string> holders;  // Name -> uid of who has it.
  };
  // One event on its way into the model.
  struct Event {
    At at;
    const std::string* resource;
    std::string_view type;
    JsonView object;
    JsonView meta;
    std::string_view name;
    std::string_view uid;
    Known* known;
    bool is_new;
    [[nodiscard]] bool Is(std::string_view kind) const { return type == kind; }
  };

  Stream& StreamOf(const std::string& resource);
  Kind KindOf(const std::string& resource) const;
  void Damaged(const At& at, const std::string& resource, std::string sentence);
  void CheckOrder(const At& at,
                  const std::string& resource,
                  Stream& stream,
                  std::string_view type,
                  JsonView meta);
  // The counter of versions is one for all resources: what a watch tells now was not written before
  // what any of them told long ago.
  void CompareAcross(const At& at, Stream& stream);
  void JudgeAcross();
  void CheckList(const At& at, const std::string& resource, Stream& stream);
  // After a gap: who is not in the new list went away inside of it.
  void EndOfList(const std::string& resource, Stream& stream);
  bool CheckObject(Stream& stream, Event& event);
  void CheckName(Stream& stream, const Event& event);
  void CheckGeneration(const Event& event);
  void CheckCreation(const Event& event);
  // The clock that the record began by and the stamps of creations agree.
  void CheckStart();
  // A watch that is not silent tells what happens when it happens.
  void CheckLate(const At& at,
                 const std::string& resource,
                 const Stream& stream,
                 Stamp stamp,
                 std::string_view what);
  void AddPod(Event& event);
  void CheckKept(const Event& event, const PodLife& life, const PodState& state);
  // A Ready pod has only ready containers, in the same version.
  void CheckReadiness(const Event& event, const PodState& state);
  void CheckProcesses(const Event& event, JsonView spec);
  void CheckPodTimes(const Event& event, Stamp stamp, const char* what);
  // How far it may lie before the pod's creation, and after its line.
  struct Tolerance {
    Stamp behind = 0;
    Stamp ahead = 0;
  };
  void CheckStamp(const Event& event, Stamp stamp, const char* what, Tolerance tolerance);
  void AddTarget(Event& event);
  void AddClaim(Event& event);
  void AddVolume(Event& event);
  void AddRevision(Event& event);
  void AddSlice(Event& event);
  void AddBudget(Event& event);
  void AddNode(Event& event);
  void AddAttachment(Event& event);
  void AddService(Event& event);
  void AddNote(const At& at, JsonView object);
  template <typename L>
  L& LifeOf(std::vector<L>& lives, Event& event);
  template <typename L, typename State>
  void Push(L& life, State state, const Event& event);

  TraceModel& model_;
  PodPartsPool parts_;
  std::map<std::string, Stream, std::less<>> streams_;
  decltype(streams_)::iterator newest_ = streams_.end();  // Of the event before.
  // Versions told by any watch, each above those before it: told a moment ago, and since a while. The
  // newest one that was told a while ago, and the newest that was told long ago.
  std::deque<At> young_;
  std::deque<At> old_;
  uint64_t known_ = 0;
  uint64_t long_known_ = 0;
  Stamp newest_server_stamp_ = kNoStamp;
  // Of the creations, the line that came soonest after its stamp: on the run's clock how long after,
  // up to a constant, and how long after its watch had been opened.
  struct Soonest {
    double lag = 0;
    double age = 0;
  };
  std::optional<Soonest> soonest_;
  // Creations with a stamp, and how far the one that agrees best with its line is from it, in seconds.
  int64_t stamped_ = 0;
  double closest_ = 0;
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_WATCH_MODEL_H_
