// Turns watched objects into the states of a TraceModel, and notices where they contradict each
// other.
#ifndef HOLDFAST_HARNESS_TRACE_WATCH_MODEL_H_
#define HOLDFAST_HARNESS_TRACE_WATCH_MODEL_H_

#include <set>
#include <string>
#include <unordered_map>

#include "harness/trace/trace_model.h"

namespace holdfast::trace {

// Not thread-safe. `model` must outlive it.
class WatchModel {
 public:
  explicit WatchModel(TraceModel& model) : model_(model) {}
  void Open(const At& at, const Json& event);
  void Lost(const At& at, const std::string& resource);
  // One "watch" event.
  void Add(const At& at, const Json& event);
  // Checks what can only be known at the end of the record.
  void Finish(const At& at);

 private:
  struct Stream {
    std::string last_version;
    int64_t expected = -1;  // Objects that the list after the opening must have; -1: not known.
    int64_t listed = 0;
  };
  void Damaged(const At& at, const std::string& resource, std::string sentence);
  bool CheckOrder(const At& at,
                  const std::string& resource,
                  const std::string& type,
                  const Json& object);
  void CheckList(const At& at, const std::string& resource, Stream& stream);
  void AddPod(const At& at, const std::string& type, const Json& object);
  void AddSet(const At& at, const std::string& type, const Json& object);
  void AddClaim(const At& at, const std::string& type, const Json& object);
  void AddVolume(const At& at, const std::string& type, const Json& object);
  void AddRevision(const At& at, const std::string& type, const Json& object);
  void CheckPodTimes(const At& at, const PodLife& life, const Json& object, bool first_term);
  // The index of the life of `uid`; makes a new one when it is not known.
  template <typename Life>
  Life* FindLife(std::vector<Life>& lives,
                 std::unordered_map<std::string, size_t>& index,
                 const At& at,
                 const std::string& resource,
                 const std::string& type,
                 const Json& object);

  TraceModel& model_;
  std::map<std::string, Stream> streams_;
  std::unordered_map<std::string, size_t> pods_;
  std::unordered_map<std::string, size_t> claims_;
  std::unordered_map<std::string, size_t> volumes_;
  std::set<std::string> revisions_;
  std::unordered_map<std::string, std::string> created_;  // uid -> creationTimestamp
  std::unordered_map<std::string, int64_t> generations_;  // uid -> newest generation
  int64_t newest_server_stamp_ns_ = 0;
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_WATCH_MODEL_H_
