//! The functions that an emitted module may need, each written only where it is used.

/// A function of the module.
pub(super) struct Helper {
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All of them, in the order in which they are written.
pub(super) const HELPERS: &[Helper] = &[
    Helper {
        name: "_precision",
        text: r#"def _precision(*tensors):
    """float64 where a tensor has it, float32 otherwise: half precision is too little for what is computed here."""
    return torch.float64 if any(x.dtype in (torch.float64, torch.complex128) for x in tensors) else torch.float32
"#,
    },
    Helper {
        name: "_quotient",
        text: r#"def _quotient(x, y):
    """x / y, where Python would raise as floating point arithmetic has it."""
    return x / y if y else x * math.inf
"#,
    },
    Helper {
        name: "_log",
        text: r#"def _log(x):
    """The logarithm, where Python would raise as floating point arithmetic has it."""
    return math.log(x) if x > 0 else math.nan if x else -math.inf
"#,
    },
    Helper {
        name: "_sqrt",
        text: r#"def _sqrt(x):
    """The square root, where Python would raise as floating point arithmetic has it."""
    return math.sqrt(x) if x >= 0 else math.nan
"#,
    },
    Helper {
        name: "_log1p",
        text: r#"def _log1p(x):
    """log(1 + x), where Python would raise as floating point arithmetic has it."""
    return math.log1p(x) if x > -1 else math.nan if x + 1 else -math.inf
"#,
    },
    Helper {
        name: "_add_diagonal",
        text: r#"def _add_diagonal(matrix, x):
    """The matrix with a number or a vector added to its diagonal."""
    result = matrix.clone()
    result.diagonal().add_(x)
    return result
"#,
    },
    Helper {
        name: "_cholesky_inverse",
        text: r#"def _cholesky_inverse(factor, holds):
    """(L L')^(-1) where holds does, elsewhere the identity: torch raises an error at a zero on the diagonal of L."""
    identity = torch.eye(factor.shape[0], dtype=factor.dtype, device=factor.device)
    return torch.cholesky_inverse(torch.where(holds, factor, identity))
"#,
    },
    Helper {
        name: "_cholesky_solve",
        text: r#"def _cholesky_solve(factor, x):
    """(L L')^(-1) X, from the side on which X lies in memory as the library takes it."""
    solve = torch.linalg.solve_triangular
    if x.is_contiguous():
        half = solve(factor.mT, x.mT, upper=True, left=False)
        return solve(factor, half, upper=False, left=False).mT
    half = solve(factor, x, upper=False)
    return solve(factor.mT, half, upper=True)
"#,
    },
    Helper {
        name: "_partial_inner_left",
        text: r#"def _partial_inner_left(matrix, factor, shape):
    """The adjoint of A -> kron(A, factor) at a matrix."""
    factor = factor.conj().reshape(factor.shape[0], -1)
    blocks = matrix.reshape(shape[0], factor.shape[0], shape[1] if len(shape) > 1 else 1, factor.shape[1])
    return torch.einsum("ikjl,kl->ij", blocks, factor).reshape(shape)
"#,
    },
    Helper {
        name: "_partial_inner_right",
        text: r#"def _partial_inner_right(matrix, factor, shape):
    """The adjoint of B -> kron(factor, B) at a matrix."""
    factor = factor.conj().reshape(factor.shape[0], -1)
    blocks = matrix.reshape(factor.shape[0], shape[0], factor.shape[1], shape[1] if len(shape) > 1 else 1)
    return torch.einsum("ikjl,ij->kl", blocks, factor).reshape(shape)
"#,
    },
    Helper {
        name: "_all_sum",
        text: r#"def _all_sum(x, group):
    """The sum of x over the processes."""
    x = x.contiguous()
    dist.all_reduce(x, op=dist.ReduceOp.SUM, group=group)
    return x
"#,
    },
    Helper {
        name: "_all_max",
        text: r#"def _all_max(x, group):
    """The entrywise maximum of x over the processes."""
    x = x.contiguous()
    dist.all_reduce(x, op=dist.ReduceOp.MAX, group=group)
    return x
"#,
    },
    Helper {
        name: "_all_min",
        text: r#"def _all_min(x, group):
    """The entrywise minimum of x over the processes."""
    x = x.contiguous()
    dist.all_reduce(x, op=dist.ReduceOp.MIN, group=group)
    return x
"#,
    },
    Helper {
        name: "_gather",
        text: r#"def _gather(x, group, dim):
    """The x of all processes, one after the other along a dimension."""
    x = x.movedim(dim, 0).contiguous()
    result = x.new_empty((dist.get_world_size(group) * x.shape[0], *x.shape[1:]))
    # The second name is that of versions before 2.13.
    gather = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor
    gather(result, x, group=group)
    return result.movedim(0, dim)
"#,
    },
    Helper {
        name: "_all_logsumexp",
        text: r#"def _all_logsumexp(x, group):
    """log(sum(exp(x))) over the processes, entry by entry."""
    return torch.logsumexp(_gather(x[None], group, dim=0), dim=0)
"#,
    },
    Helper {
        name: "_own_diagonal",
        text: r#"def _own_diagonal(matrix, group, dim):
    """The diagonal of a square matrix of which this process has some rows (dim = 0) or columns (dim = 1)."""
    start = dist.get_rank(group) * matrix.shape[dim]
    return matrix.diagonal(start if dim == 0 else -start)
"#,
    },
    Helper {
        name: "_add_own_diagonal",
        text: r#"def _add_own_diagonal(matrix, x, group, dim):
    """A square matrix of which this process has some rows or columns, with x added to its diagonal."""
    result = matrix.clone()
    _own_diagonal(result, group, dim).add_(x)
    return result
"#,
    },
    Helper {
        name: "_equal_parts",
        text: r#"def _equal_parts(sizes, device, group):
    """Refuses batches whose parts differ in size."""
    own = [*sizes, *(-size for size in sizes)]
    largest = torch.tensor(own, device=device)
    dist.all_reduce(largest, op=dist.ReduceOp.MAX, group=group)
    if largest.tolist() != own:
        raise ValueError(f"every process must have as much of the batch: here {sizes}, elsewhere {largest.tolist()}")
"#,
    },
    Helper {
        name: "_own",
        text: r#"def _own(x, group, dim):
    """This process's part of x along a dimension."""
    return x.chunk(dist.get_world_size(group), dim)[dist.get_rank(group)]
"#,
    },
];
