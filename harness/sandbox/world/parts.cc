// RunSandboxPart: what this program becomes when it is executed again as a part of a sandbox.
#include <signal.h>

#include <string_view>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/node_parts.h"
#include "harness/sandbox/world/world.h"
#include "harness/sandbox/world/world_parts.h"

namespace holdfast::sandbox {
namespace {

int RunPlanned(std::string_view part, int argc, char** argv) {
  const Result<WorldPlan> plan = DecodePlan(argc > 2 ? argv[2] : "");
  if (!plan) {
    Log(LogLevel::kError, "{}", plan.error().message);
    return 2;
  }
  if (part == kWorldPart) return WorldMain(*plan);
  if (part == kControlPlanePart) return ControlPlaneMain(*plan);
  const std::optional<int64_t> index = argc > 3 ? ParseInt(argv[3]) : std::nullopt;
  return index && *index >= 0 && *index < plan->nodes
             ? NodeInitMain(*plan, static_cast<int>(*index))
             : 2;
}

}  // namespace

bool RunSandboxPart(int argc, char** argv, int& exit_code) {
  if (RunNodePart(argc, argv, exit_code)) return true;
  if (argc < 2) return false;
  const std::string_view part = argv[1];
  if (part == kWorldPart || part == kControlPlanePart || part == kNodeInitPart) {
    ::signal(SIGPIPE, SIG_IGN);
    exit_code = RunPlanned(part, argc, argv);
    return true;
  }
  if (part == kProbePart) {
    exit_code = ProbeMain();
    return true;
  }
  return false;
}

}  // namespace holdfast::sandbox
