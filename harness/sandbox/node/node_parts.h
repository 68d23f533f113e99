// The parts of this program that a node runs as processes of their own: "__node-agent",
// "__pod-holder", "__container" and "__exec".
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_NODE_PARTS_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_NODE_PARTS_H_

namespace holdfast::sandbox {

// Returns false when argv[1] names none of the parts; else runs it and stores its exit code (some
// parts replace themselves and never return). To be called first in main, before any thread.
bool RunNodePart(int argc, char** argv, int& exit_code);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_NODE_PARTS_H_
