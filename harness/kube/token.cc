#include "harness/kube/token.h"

#include <algorithm>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::kube {

bool IsToken(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

TokenSource::TokenSource(const ClusterAccess& access)
    : file_(access.token_file),
      token_(access.token) {}

std::string TokenSource::Current() {
  constexpr std::chrono::minutes kOld{1};
  const std::lock_guard lock(mutex_);
  const Nanos now = SystemClock().Now();
  if (file_.empty() || (looked_ && now - *looked_ < kOld)) return token_;
  looked_ = now;
  const auto content = ReadFile(file_);
  if (content && IsToken(Trim(*content))) token_ = Trim(*content);
  return token_;
}

void TokenSource::Refused() {
  const std::lock_guard lock(mutex_);
  looked_.reset();
}

}  // namespace holdfast::kube
