"""mypyc: typed Python compiled ahead, with native integers, its vectors (`librt.vecs`) and byte readers."""
