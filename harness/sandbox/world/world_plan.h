// What a world is told, and the numbers of its network: decided once, outside, and handed to its
// parts as one JSON text.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_PLAN_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_PLAN_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

inline constexpr const char* kUnderlay = "hf0";
inline constexpr const char* kWorldIp = "10.250.0.1";
inline constexpr const char* kAllNodes = "10.250.0.0/24";
inline constexpr const char* kAllPods = "10.244.0.0/16";
inline constexpr int kInnerApiPort = 6443;
inline constexpr int kMaxNodes = 20;

struct WorldPlan {
  int nodes = 3;
  std::filesystem::path image_cache;
  std::filesystem::path mount_point;       // An empty directory of the host; a tmpfs inside.
  std::filesystem::path log_directory;     // Empty: logs go into the tmpfs.
  std::filesystem::path outer_kubeconfig;  // Empty: none is written outside.
  int outer_port = 0;                      // Of the API on the host's loopback.
  bool single_id_map = false;
  bool user_namespace = false;
  bool real_time = false;            // Kubernetes' own timings instead of fast ones.
  Defects defects;                   // For all parts.
  std::vector<std::string> command;  // Empty: the world stays until it is killed.

  [[nodiscard]] std::filesystem::path inner_kubeconfig() const {
    return mount_point / "kubeconfig";
  }
  [[nodiscard]] std::filesystem::path ca_file() const { return mount_point / "ca.pem"; }
  [[nodiscard]] std::filesystem::path token_file() const { return mount_point / "token"; }
  [[nodiscard]] std::filesystem::path volume_root() const { return mount_point / "volumes"; }
  [[nodiscard]] std::filesystem::path logs() const {
    return log_directory.empty() ? mount_point / "logs" : log_directory;
  }
};

std::string EncodePlan(const WorldPlan& plan);
Result<WorldPlan> DecodePlan(std::string_view text);

// `index` from 0: "node-a", "10.250.0.11", "10.244.4.0/22".
std::string NodeName(int index);
std::string NodeIp(int index);
std::string PodCidr(int index);

// Input for `ip -batch`. The world's own side, before any node exists.
std::string WorldNetworkCommands();
// A kubeconfig file with one context and a token; it is a secret.
std::string KubeconfigText(const std::string& server,
                           const std::string& ca_pem,
                           const std::string& token);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_PLAN_H_
