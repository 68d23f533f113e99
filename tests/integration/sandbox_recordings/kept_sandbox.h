// A sandbox of a test's own, started by `holdfast sandbox up` and ended with the object.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_KEPT_SANDBOX_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_KEPT_SANDBOX_H_

#include <memory>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/result.h"

namespace holdfast::recordings {

class KeptSandbox {
 public:
  // `holdfast` is the program; `more` are further arguments of `sandbox up`.
  static Result<std::unique_ptr<KeptSandbox>> Up(const std::string& holdfast,
                                                 const std::vector<std::string>& more = {});
  KeptSandbox(const KeptSandbox&) = delete;
  KeptSandbox& operator=(const KeptSandbox&) = delete;
  ~KeptSandbox();

  [[nodiscard]] std::filesystem::path Kubeconfig() const { return directory_.path() / "config"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  explicit KeptSandbox(std::string holdfast) : holdfast_(std::move(holdfast)) {}
  [[nodiscard]] Result<ProcessResult> Command(const std::vector<std::string>& arguments) const;

  std::string holdfast_;
  TemporaryDirectory directory_;
};

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_KEPT_SANDBOX_H_
