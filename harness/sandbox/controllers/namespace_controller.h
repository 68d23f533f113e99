// Namespaces: what each of them holds from the start, and their orderly end.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NAMESPACE_CONTROLLER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NAMESPACE_CONTROLLER_H_

#include <map>
#include <string>

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller.h"

namespace holdfast::sandbox {

// Keys are names of namespaces. An active one gets the ServiceAccount "default" and the ConfigMap
// kube-root-ca.crt with `ca_pem`; in a terminating one the pods are deleted first, then everything
// else, and then the namespace itself.
class NamespaceController : public Controller {
 public:
  NamespaceController(Registry& registry, std::string ca_pem)
      : registry_(registry),
        ca_pem_(std::move(ca_pem)) {}
  [[nodiscard]] std::string_view name() const override { return "namespace-controller"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override;
  void Resync(WorkQueue& queue) override;
  Status Sync(const std::string& key, WorkQueue& queue) override;

  // Makes the standard content of one namespace at once.
  Status Furnish(const std::string& ns);

 private:
  // What is still in a namespace that is ending.
  struct Left {
    std::map<std::string, size_t> objects;     // Instances by resource.
    std::map<std::string, size_t> finalizers;  // Instances by finalizer.
  };
  Status Empty(const std::string& ns, Left* left);
  // Deletes what is not marked yet, and adds what is still there to `left`.
  Status DeleteAll(const std::string& resource, const std::string& ns, Left* left);
  // The conditions by which a namespace tells why it is still there.
  Status Report(const Json& ns, const Left& left);

  Registry& registry_;
  std::string ca_pem_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NAMESPACE_CONTROLLER_H_
