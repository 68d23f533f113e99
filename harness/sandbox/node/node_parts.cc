// Dispatches to the parts by their name on the command line.
#include "harness/sandbox/node/node_parts.h"

#include <string_view>

#include "harness/base/log.h"
#include "harness/sandbox/node/node_agent.h"
#include "harness/sandbox/node/part_main.h"

namespace holdfast::sandbox {

bool RunNodePart(int argc, char** argv, int& exit_code) {
  if (argc < 2) return false;
  const std::string_view part = argv[1];
  if (part == "__pod-holder") {
    exit_code = node::PodHolderMain();
    return true;
  }
  if (part != "__container" && part != "__exec" && part != "__node-agent") return false;
  const auto told = ParseJson(argc > 2 ? argv[2] : "");
  if (!told) {
    Log(LogLevel::kError, "{}: the argument is {}", part, told.error().message);
    exit_code = 2;
  } else if (part == "__container") {
    exit_code = node::ContainerMain(*told);
  } else if (part == "__exec") {
    exit_code = node::ExecMain(*told);
  } else {
    exit_code = NodeAgentMain(DecodeNodeAgentOptions(*told));
  }
  return true;
}

}  // namespace holdfast::sandbox
