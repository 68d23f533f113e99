// Tells our volumes from other people's: persistent volumes and attachments are cluster-wide.
#ifndef HOLDFAST_HARNESS_OBSERVE_VOLUME_FILTER_H_
#define HOLDFAST_HARNESS_OBSERVE_VOLUME_FILTER_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "harness/base/json.h"

namespace holdfast::observe {

// Not thread-safe; sees every persistent volume in the server's order.
class VolumeFilter {
 public:
  explicit VolumeFilter(std::string ns) : ns_(std::move(ns)) {}

  struct Decision {
    bool ours = false;
    // The volume's state before somebody of ours claimed it, when this event is the first of ours
    // but not the volume's first: a record would otherwise begin with a change of nothing.
    std::shared_ptr<const Json> before;
  };
  // Ours is what a claim in the namespace is or ever was bound to. A volume that nobody has claimed
  // yet is remembered.
  Decision Volume(const std::string& type, const std::shared_ptr<const Json>& volume);
  // A new list of volumes begins: what is remembered as unclaimed counts no longer.
  void BeginList() { unclaimed_.clear(); }
  // False only for an attachment of a volume that is known to be somebody else's.
  [[nodiscard]] bool Attachment(const Json& attachment) const;

 private:
  std::string ns_;
  std::set<std::string> our_uids_;
  std::set<std::string> our_names_;
  std::set<std::string> foreign_names_;
  std::map<std::string, std::shared_ptr<const Json>> unclaimed_;  // By uid.
};

}  // namespace holdfast::observe

#endif  // HOLDFAST_HARNESS_OBSERVE_VOLUME_FILTER_H_
