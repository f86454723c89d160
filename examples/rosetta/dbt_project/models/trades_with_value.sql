select *, price * quantity as value from {{ source('warehouse', 'trades') }}
