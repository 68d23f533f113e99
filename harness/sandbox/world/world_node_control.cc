// Node control of a world: lines of JSON to its first process and back.
#include <poll.h>

#include <mutex>

#include "harness/base/clock.h"
#include "harness/sandbox/world/line_reader.h"
#include "harness/sandbox/world/node_supervisor.h"

namespace holdfast::sandbox {
namespace {

constexpr Nanos kAnswerWithin = std::chrono::seconds(60);

class WorldNodeControl : public NodeControl {
 public:
  explicit WorldNodeControl(FileDescriptor socket) : lines_(std::move(socket)) {}
  Result<Json> List() override { return Ask({{"op", "list"}}); }
  Result<Json> Operate(const std::string& node,
                       NodeOperation operation,
                       PartitionFrom from) override {
    return Ask({{"op", NodeOperationName(operation)},
                {"node", node},
                {"from", PartitionFromName(from)}});
  }

 private:
  Result<Json> Ask(const Json& request) {
    const std::scoped_lock lock(mutex_);
    HOLDFAST_RETURN_IF_ERROR(WriteAll(lines_.fd(), DumpJson(request) + "\n", "the world's socket"));
    const Deadline deadline(SystemClock(), kAnswerWithin);
    while (true) {
      if (const auto line = lines_.Take()) return Read(*line);
      if (lines_.fd() < 0 || deadline.Passed())
        return Fail(ErrorCode::kUnavailable, "the world does not answer");
      pollfd poll{lines_.fd(), POLLIN, 0};
      if (::poll(&poll, 1, 200) > 0) lines_.Fill();
    }
  }
  static Result<Json> Read(const std::string& line) {
    HOLDFAST_ASSIGN(const Json answer, ParseJson(line));
    if (GetBool(answer, {"ok"})) return GetObject(answer, {"answer"});
    const int64_t code = GetInt(answer, {"code"});
    return Fail(code == 404   ? ErrorCode::kNotFound
                : code == 409 ? ErrorCode::kConflict
                              : ErrorCode::kUnavailable,
                "{}", GetString(answer, {"message"}));
  }

  std::mutex mutex_;
  LineReader lines_;
};

}  // namespace

std::unique_ptr<NodeControl> MakeWorldNodeControl(FileDescriptor socket) {
  return std::make_unique<WorldNodeControl>(std::move(socket));
}

}  // namespace holdfast::sandbox
