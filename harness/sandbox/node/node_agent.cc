// The agent's main.
#include "harness/sandbox/node/node_agent.h"
namespace holdfast::sandbox { int NodeAgentMain(const NodeAgentOptions&) { return 1; } }
