local helpers = {names = {}}
return helpers
