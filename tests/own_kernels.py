"""A plugin for pytest: the notebooks that nbval runs get the book's own kernels."""

import nbval.kernel

from lmgbook.bookkit.kernels import OwnLiveKernel

nbval.kernel.KernelManager = OwnLiveKernel
