#include "harness/trace/run_directory.h"

#include "harness/base/files.h"

namespace holdfast::trace {
namespace fs = std::filesystem;

Result<RunDirectory> CreateRunDirectory(const fs::path& root) {
  for (const fs::path& evidence : {RunDirectory{root}.RunJson(), RunDirectory{root}.Trace()}) {
    std::error_code error;
    if (fs::exists(evidence, error)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "{} holds the evidence of another run; name a new directory with --out",
                  root.string());
    }
  }
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(root / "logs"));
  return RunDirectory{root};
}

Status WriteRunJson(const RunDirectory& directory, const Json& run) {
  return WriteFileAtomic(directory.RunJson(), DumpJson(run, 1) + "\n");
}

Result<Json> ReadRunJson(const RunDirectory& directory) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(directory.RunJson()));
  auto run = ParseJson(text);
  if (!run) return Fail(run.error().In(directory.RunJson().string()));
  if (GetString(*run, {"format"}) != kRunFormat) {
    return Fail(ErrorCode::kInvalidArgument, "{}: the format is '{}', this holdfast reads {}",
                directory.RunJson().string(), GetString(*run, {"format"}), kRunFormat);
  }
  return run;
}

}  // namespace holdfast::trace
