// Which node here stands for which node of the recording.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_NODE_MAP_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_NODE_MAP_H_

#include <map>
#include <set>
#include <string>
#include <vector>

namespace holdfast::recordings {

// Where a scheduler puts a pod is not promised, so the pods decide: at each action on a node the
// mapping is taken that agrees best with where the pods are. A node that an action has taken out
// (cordoned, cut off) keeps its stand-in until an action brings it back.
class NodeMap {
 public:
  NodeMap(std::vector<std::string> recorded, std::vector<std::string> here)
      : recorded_(std::move(recorded)), here_(std::move(here)) {}
  // `there` and `now`: pod -> node.
  std::string Find(const std::string& node,
                   const std::map<std::string, std::string>& there,
                   const std::map<std::string, std::string>& now);
  void Hold(const std::string& node, const std::string& stand_in) { held_[node] = stand_in; }
  void Free(const std::string& node) { held_.erase(node); }

 private:
  std::vector<std::string> recorded_;
  std::vector<std::string> here_;
  std::map<std::string, std::string> held_;
};

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_NODE_MAP_H_
