// The holdfast program. Parts of the sandbox are this same program, started again.
#include "harness/cli/commands.h"
#include "harness/sandbox/world/world.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOLDFAST_LEAK_CHECKED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HOLDFAST_LEAK_CHECKED
#endif

#if defined(HOLDFAST_LEAK_CHECKED)
// libpq leaks a small buffer when a connection breaks while a result is being read; nothing of ours
// is hidden by this.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpq.so\n"; }
// The last line is ours.
extern "C" const char* __lsan_default_options();
extern "C" const char* __lsan_default_options() { return "print_suppressions=0"; }
#endif

int main(int argc, char** argv) {
  int exit_code = 0;
  if (holdfast::sandbox::RunSandboxPart(argc, argv, exit_code)) return exit_code;
  return holdfast::cli::Main(argc, argv);
}
