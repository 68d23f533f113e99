// The garbage collector: deletes what lost its owners, in the background or before its owner goes,
// and sets free what is to be orphaned.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_GARBAGE_COLLECTOR_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_GARBAGE_COLLECTOR_H_

#include <map>
#include <set>
#include <string>
#include <tuple>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"

namespace holdfast::sandbox {

// Keys are "resource namespace/name". Source: pkg/controller/garbagecollector, with the store's
// events in place of its graph's.
class GarbageCollector : public Controller {
 public:
  explicit GarbageCollector(Registry& registry) : registry_(registry) {}
  [[nodiscard]] std::string_view name() const override { return "generic-garbage-collector"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

 private:
  struct Item {
    std::string resource;
    std::string ns;
    std::string name;
    friend auto operator<=>(const Item&, const Item&) = default;
  };
  static std::string KeyFor(const Item& item);

  void Index(const Item& item, const Json& object);
  void Unindex(const Item& item, const Json& object);
  void AddDependents(const std::string& owner_uid, WorkQueue& queue) const;
  [[nodiscard]] std::set<Item> DependentsOf(const std::string& owner_uid) const;
  Status OrphanDependents(const Item& item, const Json& object);
  Status FinishForeground(const Item& item, const Json& object, WorkQueue& queue);
  Status Collect(const Item& item, const Json& object);

  Registry& registry_;
  std::map<std::string, std::set<Item>> dependents_;  // By uid of the owner.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_GARBAGE_COLLECTOR_H_
