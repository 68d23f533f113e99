// The headers that nearly every file needs, precompiled once for all targets. A file still includes what it uses.
#ifndef HOLDFAST_HARNESS_BASE_PRECOMPILED_H_
#define HOLDFAST_HARNESS_BASE_PRECOMPILED_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "harness/base/json.h"

#endif  // HOLDFAST_HARNESS_BASE_PRECOMPILED_H_
