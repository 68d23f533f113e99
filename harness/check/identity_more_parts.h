// The parts of pods that their templates say.
#ifndef HOLDFAST_HARNESS_CHECK_IDENTITY_MORE_PARTS_H_
#define HOLDFAST_HARNESS_CHECK_IDENTITY_MORE_PARTS_H_

#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "harness/check/context.h"

namespace holdfast::check {

// Compares new pods with their revisions, for SS-ID-8. What the revision says must be in the pod, beside
// whatever admission adds. Images and commands are compared elsewhere.
class PartsJudge {
 public:
  // `judge` must outlive it.
  explicit PartsJudge(Judgement& judge) : judge_(judge) {}
  void Judge(const trace::PodLife& life, const trace::RevisionLife& revision);

 private:
  // Any pod that was created at the revision says the same.
  bool AnyAgrees(const trace::RevisionLife& revision, const trace::PodPart& part);
  // Any pod that was created at the revision says nothing of that name.
  bool AnyLacks(const trace::RevisionLife& revision, std::string_view name);
  template <typename Predicate>
  bool Any(const trace::RevisionLife& revision, Predicate holds) const;

  Judgement& judge_;
  std::set<std::pair<const void*, const void*>> right_;  // Parts of revisions and of pods.
  std::map<std::pair<const void*, trace::PodPart>, bool> agree_;
  std::map<std::pair<const void*, std::string_view>, bool> lack_;
};

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_IDENTITY_MORE_PARTS_H_
