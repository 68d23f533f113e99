// A bare client history as the input of the judge.
#ifndef HOLDFAST_HARNESS_CHECK_CLIENT_HISTORY_H_
#define HOLDFAST_HARNESS_CHECK_CLIENT_HISTORY_H_

#include <cstdint>
#include <filesystem>

#include "harness/base/result.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/verdicts.h"
#include "harness/check/verdict.h"

namespace holdfast::check {

// The scenario that verdicts over a bare history carry.
inline constexpr const char* kBareHistory = "history";

// Larger files of registers are judged while they are read, in bounded memory.
inline constexpr uint64_t kStreamAbove = uint64_t{1} << 30U;

// Judges HX-* on the file. An error when it cannot be read or is no history; damaged lines give
// unknown verdicts. JSON lines of more than `stream_above` bytes are streamed when what they hold
// allows it.
Result<Verdicts> CheckHistoryFile(const std::filesystem::path& path,
                                  history::Format format,
                                  const history::JudgeOptions& options,
                                  uint64_t stream_above = kStreamAbove);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CLIENT_HISTORY_H_
