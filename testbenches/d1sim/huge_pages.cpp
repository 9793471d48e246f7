#include "testbenches/d1sim/huge_pages.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace d1 {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;
constexpr int reserved = 256 << 20;  // addresses: memory is taken where it is written to

/// The C library lets the heap grow when it has no room for a block. Larger ones than these are mapped on their own.
void let_heap_grow(const void* end) {
    constexpr std::size_t block_bytes = std::size_t{120} << 10U;
    constexpr std::size_t enough = 64;
    std::vector<std::unique_ptr<std::byte[]>> blocks;
    while (sbrk(0) == end && blocks.size() < enough) {
        blocks.push_back(std::make_unique_for_overwrite<std::byte[]>(block_bytes));
    }
}

}  // namespace

void prefer_huge_pages() {
    void* const before = sbrk(0);
    if (mallopt(M_TOP_PAD, reserved) == 0) {
        return;
    }
    let_heap_grow(before);
    auto* const end = static_cast<std::byte*>(sbrk(0));
    void* first = before;
    std::size_t bytes = static_cast<std::size_t>(end - static_cast<std::byte*>(before));
    if (std::align(huge_page, huge_page, first, bytes) != nullptr) {
        madvise(first, bytes, MADV_HUGEPAGE);  // advice: that it is not taken is no error
    }
}

}  // namespace d1
