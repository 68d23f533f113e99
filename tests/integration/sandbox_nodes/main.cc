// The test program is also the program whose parts make the sandbox.
#include <gtest/gtest.h>

#include "harness/sandbox/world/world.h"

int main(int argc, char** argv) {
  int exit_code = 0;
  if (holdfast::sandbox::RunSandboxPart(argc, argv, exit_code)) return exit_code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
