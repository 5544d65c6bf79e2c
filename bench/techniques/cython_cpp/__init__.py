"""Cython over the containers of C++: vector, deque, unordered_map and string."""
