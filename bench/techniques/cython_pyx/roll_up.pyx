# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# distutils: extra_compile_args=-O3 -fopenmp
# distutils: extra_link_args=-fopenmp
"""Totals over a tree."""

from cython.parallel cimport prange

import numpy as np

from bench.techniques.columns import numbers

cdef extern from *:
    long long add_and_get "__atomic_add_fetch" (long long *, long long, int) noexcept nogil
    int subtract_and_get "__atomic_sub_fetch" (int *, int, int) noexcept nogil
    long long get "__atomic_load_n" (long long *, int) noexcept nogil
    enum: RELAXED "__ATOMIC_RELAXED"
    enum: BOTH "__ATOMIC_ACQ_REL"

cdef unsigned long long MIX = 0x9E3779B97F4A7C15


cdef inline int part_of(long long number, int parts) noexcept nogil:
    return 0 if parts == 1 else (<unsigned long long>number * MIX >> 54) % parts


cdef inline unsigned long long find(long long[:, ::1] nodes, long long number) noexcept nogil:
    """The slot of a number, or the free one where it belongs."""
    cdef unsigned long long mask = nodes.shape[0] - 1
    cdef unsigned long long slot = (<unsigned long long>number * MIX >> 32) & mask
    while nodes[slot, 0] != number and nodes[slot, 0] != 0:
        slot = (slot + 1) & mask
    return slot


cdef void index(int part, int parts, const long long[::1] ids, long long[:, ::1] nodes) noexcept nogil:
    cdef Py_ssize_t row
    cdef unsigned long long slot
    for row in range(ids.shape[0]):
        if part_of(ids[row], parts) == part:
            slot = find(nodes, ids[row])
            nodes[slot, 0] = ids[row]
            nodes[slot, 1] = row


cdef bint look_up(
    Py_ssize_t row, int parts, const long long[::1] parents, long long[:, :, ::1] nodes, int[::1] above, int[::1] below
) noexcept nogil:
    """Whether the parent of a row is missing."""
    cdef unsigned long long slot
    cdef int part
    above[row] = -1
    if parents[row]:
        part = part_of(parents[row], parts)
        slot = find(nodes[part], parents[row])
        if nodes[part, slot, 0] == 0:
            return True
        above[row] = <int>nodes[part, slot, 1]
        subtract_and_get(&below[above[row]], -1, RELAXED)
    return False


cdef long long climb(Py_ssize_t row, int[::1] above, int[::1] waiting, long long[::1] totals) noexcept nogil:
    """From a leaf up, as long as all that is below a node is in its total; how many nodes."""
    cdef long long done = 1
    cdef Py_ssize_t parent = above[row]
    while parent >= 0:
        add_and_get(&totals[parent], get(&totals[row], RELAXED), RELAXED)
        # Who takes the last one away sees what all others added before.
        if subtract_and_get(&waiting[parent], 1, BOTH):
            break
        done += 1
        row = parent
        parent = above[row]
    return done


def roll_up(table, int threads):
    """Parents are looked up in parallel, and each thread climbs from its leaves."""
    cdef const long long[::1] ids, parents
    ids, parents, amounts = numbers(table, "id", "parent", "amount")
    cdef Py_ssize_t rows = ids.shape[0], row
    totals_of = amounts.copy()
    waiting_of = np.zeros(rows, np.int32)
    cdef long long[::1] totals = totals_of
    cdef long long[:, :, ::1] nodes = np.zeros((threads, 1 << (3 * len(ids) // 2).bit_length(), 2), np.int64)
    cdef int[::1] above = np.empty(rows, np.int32), waiting = waiting_of
    cdef long long missing = 0, done = 0
    cdef int part
    for part in prange(threads, num_threads=threads, schedule="static", nogil=True):
        index(part, threads, ids, nodes[part])
    for row in prange(rows, num_threads=threads, schedule="static", nogil=True):
        missing += look_up(row, threads, parents, nodes, above, waiting)
    if missing:
        raise ValueError("a parent is no node")
    cdef int[::1] below = waiting_of.copy()
    for row in prange(rows, num_threads=threads, schedule="static", nogil=True):
        if below[row] == 0:
            done += climb(row, above, waiting, totals)
    if done < rows:
        raise ValueError(f"{rows - done} nodes are in a cycle")
    return {"total": totals_of}
