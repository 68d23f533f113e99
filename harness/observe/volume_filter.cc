// See volume_filter.h.
#include "harness/observe/volume_filter.h"

namespace holdfast::observe {

VolumeFilter::Decision VolumeFilter::Volume(const std::string& type,
                                            const std::shared_ptr<const Json>& volume) {
  const std::string uid = GetString(*volume, {"metadata", "uid"});
  const std::string name = GetString(*volume, {"metadata", "name"});
  const std::string claimed_from = GetString(*volume, {"spec", "claimRef", "namespace"});
  Decision decision;
  if (claimed_from == ns_ || our_uids_.contains(uid)) {
    decision.ours = true;
    our_uids_.insert(uid);
    our_names_.insert(name);
    foreign_names_.erase(name);
    if (const auto before = unclaimed_.find(uid); before != unclaimed_.end()) {
      if (type == "MODIFIED" || type == "DELETED") decision.before = before->second;
      unclaimed_.erase(before);
    }
  } else if (type == "DELETED") {
    unclaimed_.erase(uid);
    foreign_names_.erase(name);
  } else {
    foreign_names_.insert(name);
    if (claimed_from.empty())
      unclaimed_[uid] = volume;
    else
      unclaimed_.erase(uid);
  }
  return decision;
}

bool VolumeFilter::Attachment(const Json& attachment) const {
  const std::string volume = GetString(attachment, {"spec", "source", "persistentVolumeName"});
  return our_names_.contains(volume) || !foreign_names_.contains(volume);
}

}  // namespace holdfast::observe
