#include "tests/integration/sandbox_recordings/kept_sandbox.h"

#include <cstdio>

namespace holdfast::recordings {

Result<ProcessResult> KeptSandbox::Command(const std::vector<std::string>& arguments) const {
  ProcessOptions options;
  options.argv = {holdfast_, "sandbox"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.add_environment = {"HOLDFAST_STATE=" + (directory_.path() / "state").string()};
  return RunProcess(options);
}

Result<std::unique_ptr<KeptSandbox>> KeptSandbox::Up(const std::string& holdfast,
                                                     const std::vector<std::string>& more) {
  std::unique_ptr<KeptSandbox> sandbox(new KeptSandbox(holdfast));
  std::vector<std::string> arguments{"up", "--kubeconfig-out", sandbox->Kubeconfig().string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  HOLDFAST_ASSIGN(const ProcessResult up, sandbox->Command(arguments));
  if (up.exit_code != 0)
    return Fail(ErrorCode::kUnavailable, "the sandbox does not come up: {}{}", up.out, up.err);
  return sandbox;
}

KeptSandbox::~KeptSandbox() {
  const auto down = Command({"down"});
  if (!down || down->exit_code != 0)
    std::fprintf(stderr, "the sandbox does not go down: %s\n",
                 down ? (down->out + down->err).c_str() : down.error().message.c_str());
}

}  // namespace holdfast::recordings
